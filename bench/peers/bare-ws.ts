import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { answer, type PipeQuestion } from "../answer.js";
import { startPartner } from "../partner.js";
import { bytesMessages, type PayloadName, type Reading, reading } from "../payload.js";
import { measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";

/*
 * The package ws by itself, without compression; objects travel as JSON. Its send knows no back-pressure: the sender
 * waits for the callback of one in 64, so that it holds no more than the others do.
 */
type Question = PipeQuestion & { url?: string };

const waitEvery = 64;

answer<Question>(
  async (question) => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
    await once(server, "listening");
    const partner = startPartner({ ...question, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
    try {
      const [socket] = (await once(server, "connection")) as [WebSocket];
      return await drive(question, socket);
    } finally {
      partner.kill("SIGTERM");
      for (const client of server.clients) client.terminate();
      server.close();
    }
  },
  (question) => {
    const socket = new WebSocket(question.url ?? "", { perMessageDeflate: false });
    if (question.measure === "one-way") receive(question, socket);
    else echo(question, socket);
  },
);

function drive({ payload, measure, seconds }: Question, socket: WebSocket) {
  const bytes = payload === "object" ? undefined : bytesMessages(payload);
  const message = bytes ?? ((index: number) => JSON.stringify(reading(index)));
  if (measure === "one-way") {
    return measureOneWay(seconds, async (count) => {
      const acknowledged = once(socket, "message") as Promise<[Buffer]>;
      const start = performance.now();
      socket.send(String(count));
      for (let i = 0; i < count; i++) {
        if (i % waitEvery !== 0) socket.send(message(i));
        else await new Promise<unknown>((taken) => socket.send(message(i), taken));
      }
      const seen = JSON.parse(String((await acknowledged)[0])) as TallyCount;
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
        const onMessage = (body: Buffer): void => {
          add(payload, tally, body);
          micros[trip++] = (performance.now() - start) * 1000;
          if (trip < micros.length) {
            start = performance.now();
            socket.send(message(trip));
            return;
          }
          socket.off("message", onMessage);
          try {
            checkTally(payload, trip, tally.take());
            resolve();
          } catch (error) {
            reject(error);
          }
        };
        socket.on("message", onMessage);
        socket.send(message(0));
      }),
  );
}

function receive({ payload }: Question, socket: WebSocket): void {
  const tally = new Tally(payload);
  let expected = 0;
  let seen = 0;
  socket.on("message", (body: Buffer) => {
    if (expected === 0) {
      expected = Number(body.toString());
      return;
    }
    add(payload, tally, body);
    if (++seen < expected) return;
    expected = seen = 0;
    socket.send(JSON.stringify(tally.take()));
  });
}

function echo({ payload }: Question, socket: WebSocket): void {
  socket.on("message", (body: Buffer) => {
    socket.send(payload === "object" ? JSON.stringify(JSON.parse(body.toString())) : body);
  });
}

function add(payload: PayloadName, tally: Tally, body: Buffer): void {
  if (payload === "object") tally.object(JSON.parse(body.toString()) as Reading);
  else tally.bytes(body);
}
