import { describe, test } from "node:test";
import { checkAgainstModel } from "./model-check.js";
import { ringClasses } from "./ring-classes.js";
import { RingMemory } from "./ring-memory.js";
import { chooseSeed } from "./seeded-random.js";

const memory = new RingMemory();

describe("a ring beside an array", () => {
  test("smoke: the first fixed runs end as they would with an array", () => {
    checkAgainstModel(ringClasses, memory, 50, 1);
  });

  test("whatever a writer and a reader do, in whatever order, comes out as it would with an array", (t) => {
    const runs = Number(process.env.INTERPROC_RUNS ?? (process.env.INTERPROC_TEST === "fast" ? 500 : 10_000));
    const seed = chooseSeed();
    t.diagnostic(`${runs} runs, seed ${seed}`);
    checkAgainstModel(ringClasses, memory, runs, seed);
  });
});
