import assert from "node:assert/strict";
import type { Watch } from "./access-gate.js";
import { CAPACITY, type RingMemory } from "./ring-memory.js";

/*
 * Which bytes belong to whom at this very moment: those from head to tail to the reader, the others to the writer. A
 * watch that fails at the first access to a byte of the other side's, at a store to the other side's control words, and
 * at a head or tail that is moved backwards or too far.
 */

export function writersOwn(memory: RingMemory): Watch {
  return (access, at, extent) => {
    const { tail, used } = memory;
    if (access === "load") return;
    if (access === "store") {
      if (at === memory.headWord) assert.fail("the writer stores the head");
      if (at === memory.tailWord) checkMove("tail", (extent - tail) | 0, CAPACITY - used);
    } else checkBytes(`the writer's ${access}`, (at - memory.base - tail) & (CAPACITY - 1), extent, CAPACITY - used);
  };
}

export function readersOwn(memory: RingMemory): Watch {
  return (access, at, extent) => {
    const { head, used } = memory;
    if (access === "load") return;
    assert.notEqual(access, "write", "the reader writes into the ring");
    if (access === "store") {
      assert.equal(at, memory.headWord, "the word that the reader stores");
      checkMove("head", (extent - head) | 0, used);
    } else checkBytes("the reader's read", (at - memory.base - head) & (CAPACITY - 1), extent, used);
  };
}

function checkMove(which: string, distance: number, most: number): void {
  assert.ok(distance >= 0 && distance <= most, `the ${which} is moved by ${distance} bytes; allowed: 0 to ${most}`);
}

function checkBytes(what: string, from: number, length: number, most: number): void {
  assert.ok(
    length === 0 || from + length <= most,
    `${what} of ${length} bytes begins ${from} bytes into the ${most} that are its own`,
  );
}
