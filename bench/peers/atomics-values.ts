import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { answer } from "../answer.js";
import { type Hammered, hammer, hammeredFigures, type ValuesQuestion } from "./hammer.js";

/* No peer but the floor: bare Atomics on a SharedArrayBuffer, in one thread or two of one process. */
interface Shared {
  question: ValuesQuestion;
  value: SharedArrayBuffer;
  arrived: Int32Array;
}

if (isMainThread) {
  answer<ValuesQuestion>(async (question) => {
    const value = new SharedArrayBuffer(8);
    const shared: Shared = { question, value, arrived: new Int32Array(new SharedArrayBuffer(4)) };
    const done = await Promise.all(
      Array.from({ length: question.workers }, async () => {
        const thread = new Worker(fileURLToPath(import.meta.url), { workerData: shared });
        return ((await once(thread, "message")) as [Hammered])[0];
      }),
    );
    const raised = question.kind === "i64" ? Number(new BigInt64Array(value)[0]) : (new Int32Array(value)[0] ?? 0);
    return hammeredFigures(question, done, raised);
  });
} else {
  const { question, value, arrived } = workerData as Shared;
  const done = hammer(question.seconds, workOf(question, value), () => {
    Atomics.add(arrived, 0, 1);
    while (Atomics.load(arrived, 0) < question.workers);
  });
  parentPort?.postMessage(done);
}

/** Does `count` operations and returns by how much they raised the value. */
function workOf({ operation, kind }: ValuesQuestion, buffer: SharedArrayBuffer): (count: number) => number {
  if (kind === "i64") {
    const wide = new BigInt64Array(buffer);
    return (count) => {
      for (let i = 0; i < count; i++) Atomics.add(wide, 0, 1n);
      return count;
    };
  }
  const words = new Int32Array(buffer);
  switch (operation) {
    case "add":
      return (count) => {
        for (let i = 0; i < count; i++) Atomics.add(words, 0, 1);
        return count;
      };
    case "compareExchange":
      return (count) => {
        let raised = 0;
        let expected = Atomics.load(words, 0);
        for (let i = 0; i < count; i++) {
          const found = Atomics.compareExchange(words, 0, expected, (expected + 1) | 0);
          if (found === expected) raised++;
          expected = found === expected ? (expected + 1) | 0 : found;
        }
        return raised;
      };
    case "set":
      return (count) => {
        for (let i = 0; i < count; i++) Atomics.store(words, 0, i);
        return 0;
      };
    case "get":
      return (count) => {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += Atomics.load(words, 0);
        if (sum !== 0) throw new Error("atomics-values: nobody writes, yet a value other than 0 was read");
        return 0;
      };
  }
}
