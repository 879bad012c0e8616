import { isMain, SharedValue, spawn, task } from "interproc";
import { answer } from "../answer.js";
import { type Hammered, hammer, hammeredFigures, type ValuesQuestion } from "./hammer.js";

/* Ours: a SharedValue that one or two child processes work on at once. */
type Value = SharedValue<"i32"> | SharedValue<"i64"> | SharedValue<"f64">;

export const worker = task(
  import.meta,
  async function worker(value: Value, arrived: SharedValue<"i32">, question: ValuesQuestion): Promise<Hammered> {
    return hammer(question.seconds, workOf(value, question), () => {
      arrived.add(1);
      while (arrived.value < question.workers);
    });
  },
);

if (isMain(import.meta)) {
  answer<ValuesQuestion>(async (question) => {
    const value = newValue(question.kind);
    const arrived = new SharedValue("i32", 0);
    const children = Array.from({ length: question.workers }, () => spawn(worker, [value, arrived, question]));
    const done = await Promise.all(children.map((child) => child.result()));
    return hammeredFigures(question, done, Number(value.value));
  });
}

function newValue(kind: ValuesQuestion["kind"]): Value {
  if (kind === "i64") return new SharedValue("i64", 0n);
  return kind === "f64" ? new SharedValue("f64", 0) : new SharedValue("i32", 0);
}

/** Does `count` operations and returns by how much they raised the value. */
function workOf(value: Value, { operation, kind }: ValuesQuestion): (count: number) => number {
  if (kind === "i64") {
    const wide = value as SharedValue<"i64">;
    if (operation !== "add") throw new Error(`interproc-values: ${operation} is not measured for i64`);
    return (count) => {
      for (let i = 0; i < count; i++) wide.add(1n);
      return count;
    };
  }
  const number = value as SharedValue<"i32">;
  switch (operation) {
    case "add":
      return (count) => {
        for (let i = 0; i < count; i++) number.add(1);
        return count;
      };
    case "compareExchange":
      return (count) => {
        let raised = 0;
        let expected = number.value;
        for (let i = 0; i < count; i++) {
          const found = number.compareExchange(expected, (expected + 1) | 0);
          if (found === expected) raised++;
          expected = found === expected ? (expected + 1) | 0 : found;
        }
        return raised;
      };
    case "set":
      return (count) => {
        for (let i = 0; i < count; i++) number.value = i;
        return 0;
      };
    case "get":
      return (count) => {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += number.value;
        if (sum !== 0) throw new Error("interproc-values: nobody writes, yet a value other than 0 was read");
        return 0;
      };
  }
}
