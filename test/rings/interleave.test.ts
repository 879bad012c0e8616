import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkInterleaving, checkKillsWithin, interleavings } from "./interleave-checks.js";
import { ringClasses } from "./ring-classes.js";
import { RingMemory } from "./ring-memory.js";

const memory = new RingMemory();

describe("two parties of a ring at once", () => {
  for (const [index, one] of interleavings.entries())
    test(`${index === 0 ? "smoke: " : ""}${one.title}`, (t) => {
      t.diagnostic(`${checkInterleaving(ringClasses, memory, one)} runs`);
    });

  test("one is killed at any of its accesses while the other stands at any of its own: nothing is lost or torn", (t) => {
    const runs = checkKillsWithin(ringClasses, memory);
    t.diagnostic(`${runs} runs`);
    assert.ok(runs > 1_000);
  });

  test("nobody wrote outside of the ring", () => {
    assert.ok(memory.isGuardWhole);
  });
});
