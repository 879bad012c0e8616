import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answer, type PipeQuestion } from "../answer.js";
import { startPartner } from "../partner.js";
import { byteLength, bytesMessages, type PayloadName, type Reading, reading } from "../payload.js";
import { measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";
import { frameParser, frameParserInto, writeBatch, writeBlock, writeFrame } from "./net-socket-frames.js";

/*
 * A raw unix or TCP socket through node:net; objects travel as JSON. One way in these modes: "write" writes every message
 * by itself; "each" does that too, and waits until the system has taken it; "cork" hands the kernel up to 256 frames (or
 * 1 MiB) with one writev; "batch" copies 256 frames into one block, writes it and waits until the system has taken it;
 * "packed" fills blocks of 64 KiB, which no longer is plain use of a socket but the best that was found. With ", copies"
 * behind it the receiver makes each message its own memory; else a small one is a view of what was read.
 */
type Question = PipeQuestion & { transport?: "unix" | "tcp"; address?: NetConnectOpts };

const copies = ", copies";
const batchSize = 256;

answer<Question>(
  async (question) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
    const path = join(folder, "socket");
    const isTcp = question.transport === "tcp";
    const server = createServer({ noDelay: true }).listen(isTcp ? { host: "127.0.0.1", port: 0 } : { path });
    await once(server, "listening");
    const address = isTcp ? { ...(server.address() as AddressInfo), host: "127.0.0.1", noDelay: true } : { path };
    const partner = startPartner({ ...question, address });
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
  const batch = payload === "object" ? batchSize : Math.min(batchSize, Math.max(1, 2 ** 20 / byteLength(payload)));
  const way = mode.replace(copies, "");
  let free = true;
  for (let i = 0; i < count; ) {
    if (way === "each" || way === "batch") {
      const end = way === "each" ? i + 1 : Math.min(count, i + batch);
      await new Promise<unknown>((taken) => writeBatch(socket, message, i, end, taken));
      i = end;
      continue;
    }
    if (way === "packed") {
      ({ next: i, free } = writeBlock(socket, message, i, count));
    } else if (way === "cork") {
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

function receive({ payload, mode, address = { path: "" } }: Question): void {
  const tally = new Tally(payload);
  const copied = mode.endsWith(copies);
  let expected = 0;
  let seen = 0;
  const onFrame = (body: Buffer): void => {
    if (expected === 0) {
      expected = Number(body.toString());
      return;
    }
    add(payload, tally, copied ? new Uint8Array(body) : body);
    if (++seen === expected) {
      expected = seen = 0;
      writeFrame(socket, JSON.stringify(tally.take()));
    }
  };
  const socket =
    payload === "into-1m" ? connectInto(address, payload, onFrame) : connect(address).on("data", frameParser(onFrame));
}

/** A socket that reads into one buffer (Node's `onread`), so that nothing at all is allocated for a message. */
function connectInto(address: NetConnectOpts, payload: PayloadName, onFrame: (body: Buffer) => void): Socket {
  const buffer = Buffer.alloc(256 * 1024);
  const parse = frameParserInto(Buffer.alloc(byteLength(payload)), onFrame);
  return connect({
    ...address,
    onread: {
      buffer,
      callback: (size) => {
        parse(buffer.subarray(0, size));
        return true;
      },
    },
  });
}

function echo({ payload, address = { path: "" } }: Question): void {
  const socket = connect(address);
  socket.on(
    "data",
    frameParser((body) => {
      writeFrame(socket, payload === "object" ? JSON.stringify(JSON.parse(body.toString())) : body);
    }),
  );
}

function add(payload: PayloadName, tally: Tally, body: Uint8Array): void {
  if (payload === "object") tally.object(JSON.parse(String(body)) as Reading);
  else tally.bytes(body);
}
