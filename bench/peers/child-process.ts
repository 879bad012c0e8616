import type { ChildProcess, SerializationType } from "node:child_process";
import { once } from "node:events";
import { answer, type PipeQuestion } from "../answer.js";
import { startPartner } from "../partner.js";
import { bytesMessages, type PayloadName, type Reading, reading } from "../payload.js";
import { measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";

/*
 * Node's own messages to a forked process, `child.send`. In the mode "json" bytes travel as base64 text, because a
 * Buffer as it is would become a list of numbers, some hundred times slower for 1 MiB.
 */
type Question = PipeQuestion & { mode: SerializationType };

answer<Question>(async (question) => {
  const child = startPartner(question, question.mode);
  await once(child, "message");
  const { payload, measure, seconds } = question;
  const figures =
    measure === "one-way"
      ? await measureOneWay(seconds, (count) => sendRound(child, question, count))
      : await measureRoundTrips(seconds, (micros) => pingPong(child, question, micros));
  child.disconnect();
  return figures;

  async function sendRound(to: ChildProcess, { mode }: Question, count: number): Promise<number> {
    const message = messages(payload, mode);
    const acknowledged = once(to, "message");
    const start = performance.now();
    to.send({ round: count });
    let full = false;
    for (let i = 0; i < count; i++) {
      // send() says false when the backlog is long; then the next message waits until it is written.
      if (full) {
        await new Promise<void>((resolve) => to.send(message(i), () => resolve()));
        full = false;
      } else {
        full = !to.send(message(i));
      }
    }
    const [seen] = (await acknowledged) as [TallyCount];
    const took = (performance.now() - start) / 1000;
    checkTally(payload, count, seen);
    return took;
  }
}, receive);

function pingPong(child: ChildProcess, { payload, mode }: Question, micros: Float64Array): Promise<void> {
  const message = messages(payload, mode);
  const decode = decoder(mode);
  const tally = new Tally(payload);
  return new Promise((resolve, reject) => {
    let trip = 0;
    let start = performance.now();
    child.on("message", function answered(reply: unknown) {
      if (payload === "object") tally.object(reply as Reading);
      else tally.bytes(decode(reply));
      const now = performance.now();
      micros[trip++] = (now - start) * 1000;
      if (trip < micros.length) {
        start = performance.now();
        child.send(message(trip));
        return;
      }
      child.off("message", answered);
      try {
        checkTally(payload, trip, tally.take());
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    child.send(message(0));
  });
}

function receive({ payload, mode, measure }: Question): void {
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error("child-process: the partner was not started by fork");
  const decode = decoder(mode);
  const encode = encoder(mode);
  const tally = new Tally(payload);
  let expected = 0;
  let seen = 0;
  process.on("message", (message: unknown) => {
    if (measure === "round-trip") {
      send(payload === "object" ? message : encode(decode(message)));
    } else if (expected === 0) {
      expected = (message as { round: number }).round;
    } else {
      if (payload === "object") tally.object(message as Reading);
      else tally.bytes(decode(message));
      if (++seen === expected) {
        expected = seen = 0;
        send(tally.take());
      }
    }
  });
  send("ready");
}

function messages(payload: PayloadName, mode: SerializationType): (index: number) => object | string {
  if (payload === "object") return reading;
  const bytes = bytesMessages(payload);
  const encode = encoder(mode);
  return (index) => encode(bytes(index));
}

function encoder(mode: SerializationType): (bytes: Uint8Array) => Uint8Array | string {
  if (mode === "advanced") return (bytes) => bytes;
  return (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function decoder(mode: SerializationType): (message: unknown) => Uint8Array {
  return mode === "advanced"
    ? (message) => message as Uint8Array
    : (message) => Buffer.from(message as string, "base64");
}
