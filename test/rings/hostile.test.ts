import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostileMemory } from "./hostile-memory.js";
import { ringClasses } from "./ring-classes.js";
import { RingMemory } from "./ring-memory.js";
import { chooseSeed } from "./seeded-random.js";

const hostile = new HostileMemory(ringClasses, new RingMemory());

describe("a ring whose other side is hostile", () => {
  test("smoke: the first fixed cases work or are a ProtocolError", () => {
    const { cases, messages, refused } = hostile.run(1000, 1);
    assert.equal(cases, 1000);
    assert.ok(messages > 100 && refused > 100, `${messages} messages, ${refused} refusals`);
  });

  test("whatever it writes, and whenever: no other error, no access outside of the ring, no endless loop, no large allocation", (t) => {
    const isFast = process.env.INTERPROC_TEST === "fast";
    const cases = Number(process.env.INTERPROC_CASES ?? (isFast ? 100_000 : 1_000_000));
    const seed = chooseSeed();
    t.diagnostic(`${cases} cases, seed ${seed}`);
    const { messages, refused } = hostile.run(cases, seed);
    t.diagnostic(`${messages} messages shown, ${refused} calls refused`);
  });
});
