import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { answer } from "../answer.js";
import {
  checkLetters,
  endMark,
  type LetterCount,
  lettersOf,
  type Portion,
  portion,
  type QueueQuestion,
  shapes,
  stopMark,
} from "../queue-letters.js";
import { measureOneWay } from "../rounds.js";

/*
 * What people build of `child_process` when they need a queue: the parent is the queue. Producers send to it, and it sends
 * each message on, to one consumer after the other. Bytes travel as base64 text; see child-process.ts.
 */
type Started = QueueQuestion & { role: "producer" | "consumer" };

answer<QueueQuestion>(
  async (question) => {
    const { producers, consumers } = shapes[question.shape];
    const { mark } = lettersOf(question.payload);
    const wire = wireOf(question);
    const putting = await Promise.all(
      Array.from({ length: producers }, () => start({ ...question, role: "producer" })),
    );
    const getting = await Promise.all(
      Array.from({ length: consumers }, () => start({ ...question, role: "consumer" })),
    );
    let turn = 0;
    let ends = 0;
    let counted: LetterCount[] = [];
    let done = (_counted: LetterCount[]): void => undefined;
    const handOut = (message: Serializable): void => {
      getting[turn]?.send(message);
      turn = (turn + 1) % consumers;
    };
    for (const child of putting) {
      child.on("message", (message) => {
        if (message !== "end") return handOut(message);
        if (++ends < producers) return;
        for (const consumer of getting) consumer.send(wire.encode(mark(stopMark)));
      });
    }
    for (const child of getting) {
      child.on("message", (seen) => {
        counted.push(seen as LetterCount);
        if (counted.length === consumers) done(counted);
      });
    }

    const figures = await measureOneWay(question.seconds, async (count) => {
      ends = 0;
      counted = [];
      const all = new Promise<LetterCount[]>((resolve) => {
        done = resolve;
      });
      const begin = performance.now();
      for (const [index, child] of putting.entries()) child.send(portion(count, index, producers));
      checkLetters(question.payload, count, await all);
      return (performance.now() - begin) / 1000;
    });
    for (const child of [...putting, ...getting]) child.disconnect();
    return figures;
  },
  (question) => {
    if ((question as Started).role === "producer") produce(question);
    else consume(question);
  },
);

/** Starts this program again, as a producer or a consumer, and waits until it listens. */
function start(question: Started): Promise<ChildProcess> {
  const child = fork(process.argv[1] ?? "", [JSON.stringify(question), "partner"], { serialization: "json" });
  child.once("exit", (code, signal) => {
    if (code === 0) return;
    process.stderr.write(`a ${question.role} ended with ${signal ?? `code ${code}`}\n`);
    process.exit(1);
  });
  return new Promise((resolve) => child.once("message", () => resolve(child)));
}

function produce(question: QueueQuestion): void {
  const { send, wire, letters } = side(question);
  process.on("message", async (message: unknown) => {
    const { first, count } = message as Portion;
    let full = false;
    for (let i = first; i < first + count; i++) {
      // send() says false when the backlog is long; then the next message waits until it is written.
      if (full) await new Promise<void>((resolve) => send(wire.encode(letters.message(i)), () => resolve()));
      full = full ? false : !send(wire.encode(letters.message(i)));
    }
    send("end");
  });
  send("ready");
}

function consume(question: QueueQuestion): void {
  const { send, wire, letters } = side(question);
  process.on("message", (message: unknown) => {
    const mark = letters.take(wire.decode(message));
    if (mark === stopMark) send(letters.counted());
    else if (mark === endMark) throw new Error("child-process-fan-out: a producer's last word went to a consumer");
  });
  send("ready");
}

function side(question: QueueQuestion) {
  const send = process.send?.bind(process) as ((message: Serializable, written?: () => void) => boolean) | undefined;
  if (send === undefined) throw new Error("child-process-fan-out: this side was not started by fork");
  return { send, wire: wireOf(question), letters: lettersOf(question.payload) };
}

/** How messages look on the way. */
function wireOf({ payload }: QueueQuestion): {
  encode(message: unknown): Serializable;
  decode(came: unknown): unknown;
} {
  if (payload === "object") return { encode: (message) => message as Serializable, decode: (came) => came };
  return {
    encode: (message) => {
      const { buffer, byteOffset, byteLength } = message as Uint8Array<ArrayBuffer>;
      return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    },
    decode: (came) => Buffer.from(came as string, "base64"),
  };
}
