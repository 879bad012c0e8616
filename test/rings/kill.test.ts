import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkReaderKills, checkWriterKills } from "./kill-checks.js";
import { ringClasses } from "./ring-classes.js";
import { RingMemory } from "./ring-memory.js";
import { startStates } from "./start-states.js";

const memory = new RingMemory();

describe("a party of a ring that is killed", () => {
  test("smoke: a writer killed at any access of an empty ring leaves exactly what it had committed", () => {
    assert.ok(checkWriterKills(ringClasses, memory, startStates.slice(0, 1)) > 100);
  });

  test("a writer killed before any access, in any state of the ring: whoever reads next sees exactly the committed messages, and the next writer goes on", (t) => {
    const kills = checkWriterKills(ringClasses, memory);
    t.diagnostic(`${kills} kills`);
    assert.ok(kills > 10_000);
  });

  test("a reader killed before any access, in any state of the ring: a fresh one sees every message whose read was not finished", (t) => {
    const kills = checkReaderKills(ringClasses, memory);
    t.diagnostic(`${kills} kills`);
    assert.ok(kills > 5_000);
  });

  test("nobody wrote outside of the ring", () => {
    assert.ok(memory.isGuardWhole);
  });
});
