import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answer, type PipeQuestion } from "../answer.js";
import { startPartner } from "../partner.js";
import { byteLength, bytesMessages, type PayloadName, type Reading, reading } from "../payload.js";
import { measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";
import { frameParser, frameParserInto, writeBlock, writeFrame } from "./unix-socket-frames.js";

/*
 * A raw unix socket through node:net; objects travel as JSON. One way in three modes: "write" writes every message by
 * itself, "cork" hands the kernel up to 256 frames (or 1 MiB) with one writev, "packed" copies them into 64 KiB blocks
 * first, which no longer is plain use of a socket but the best that was found.
 */
type Question = PipeQuestion & { mode: "write" | "cork" | "packed"; path?: string };

answer<Question>(
  async (question) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
    const path = join(folder, "socket");
    const server = createServer().listen(path);
    await once(server, "listening");
    const partner = startPartner({ ...question, path });
    try {
      const [socket] = (await once(server, "connection")) as [Socket];
      const figures = await drive(question, socket);
      socket.destroy();
      return figures;
    } finally {
      partner.kill("SIGTERM");
      server.close();
      rmSync(folder, { recursive: true });
    }
  },
  (question) => {
    if (question.measure === "one-way") receive(question);
    else echo(question);
  },
);

function drive(question: Question, socket: Socket) {
  const { payload, measure, seconds } = question;
  const bytes = payload === "object" ? undefined : bytesMessages(payload);
  const message = bytes ?? ((index: number) => JSON.stringify(reading(index)));
  let onFrame: (body: Buffer) => void = () => undefined;
  socket.on(
    "data",
    frameParser((body) => onFrame(body)),
  );

  if (measure === "one-way") {
    return measureOneWay(seconds, async (count) => {
      const acknowledged = new Promise<Buffer>((resolve) => {
        onFrame = resolve;
      });
      const start = performance.now();
      writeFrame(socket, String(count));
      await sendAll(socket, question, message, count);
      const seen = JSON.parse((await acknowledged).toString()) as TallyCount;
      const took = (performance.now() - start) / 1000;
      checkTally(payload, count, seen);
      return took;
    });
  }
  return measureRoundTrips(
    seconds,
    (micros) =>
      new Promise((resolve, reject) => {
        const tally = new Tally(payload);
        let trip = 0;
        let start = performance.now();
        onFrame = (body) => {
          add(payload, tally, body);
          micros[trip++] = (performance.now() - start) * 1000;
          if (trip < micros.length) {
            start = performance.now();
            writeFrame(socket, message(trip));
            return;
          }
          try {
            checkTally(payload, trip, tally.take());
            resolve();
          } catch (error) {
            reject(error);
          }
        };
        writeFrame(socket, message(0));
      }),
  );
}

async function sendAll(
  socket: Socket,
  { payload, mode }: Question,
  message: (index: number) => Uint8Array | string,
  count: number,
): Promise<void> {
  const drained = (): Promise<void> => new Promise((resolve) => socket.once("drain", resolve));
  const batch = payload === "object" ? 256 : Math.min(256, Math.max(1, (1024 * 1024) / byteLength(payload)));
  let free = true;
  for (let i = 0; i < count; ) {
    if (mode === "packed") {
      ({ next: i, free } = writeBlock(socket, message, i, count));
    } else if (mode === "cork") {
      const end = Math.min(count, i + batch);
      socket.cork();
      for (; i < end; i++) free = writeFrame(socket, message(i));
      socket.uncork();
    } else {
      free = writeFrame(socket, message(i++));
    }
    if (!free) await drained();
  }
}

function receive({ payload, path = "" }: Question): void {
  const tally = new Tally(payload);
  let expected = 0;
  let seen = 0;
  const onFrame = (body: Buffer): void => {
    if (expected === 0) {
      expected = Number(body.toString());
      return;
    }
    add(payload, tally, body);
    if (++seen === expected) {
      expected = seen = 0;
      writeFrame(socket, JSON.stringify(tally.take()));
    }
  };
  const socket =
    payload === "into-1m" ? connectInto(path, payload, onFrame) : connect(path).on("data", frameParser(onFrame));
}

/** A socket that reads into one buffer (Node's `onread`), so that nothing at all is allocated for a message. */
function connectInto(path: string, payload: PayloadName, onFrame: (body: Buffer) => void): Socket {
  const buffer = Buffer.alloc(256 * 1024);
  const parse = frameParserInto(Buffer.alloc(byteLength(payload)), onFrame);
  return connect({
    path,
    onread: {
      buffer,
      callback: (size) => {
        parse(buffer.subarray(0, size));
        return true;
      },
    },
  });
}

function echo({ payload, path = "" }: Question): void {
  const socket = connect(path);
  socket.on(
    "data",
    frameParser((body) => {
      writeFrame(socket, payload === "object" ? JSON.stringify(JSON.parse(body.toString())) : body);
    }),
  );
}

function add(payload: PayloadName, tally: Tally, body: Buffer): void {
  if (payload === "object") tally.object(JSON.parse(body.toString()) as Reading);
  else tally.bytes(body);
}
