import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FaultTally, type Never } from "./fault-tally.js";
import { forgedParty } from "./forged-party.js";
import { judgeLock, judgePermits, judgeReaders } from "./lock-history.js";
import type { Witness } from "./party.js";

const holder = (number: number, at: number, notes: string, killedAt?: number): Witness =>
  forgedParty("holder", number, notes, { at, killedAt });

function found(judge: (tally: FaultTally) => void): Never[] {
  const tally = new FaultTally("history", 0);
  judge(tally);
  return (Object.keys(tally.never) as Never[]).filter((what) => tally.never[what] > 0);
}
const ofLock = (...parties: Witness[]): Never[] => found((tally) => judgeLock("a lock", tally, parties));

describe("the checker of locks' histories", () => {
  // held TURN PREVIOUS ABANDONED WHOLE
  test("smoke: finds nothing wrong where one came after the other", () => {
    assert.deepEqual(
      ofLock(holder(0, 0, "wait, held 1 0 0 1, free, freed"), holder(1, 3, "wait, held 2 0 0 1, free, freed")),
      [],
    );
  });

  test("finds two holders", () => {
    const first = holder(0, 0, "wait, held 1 0 0 1, x, x, x, free, freed");
    assert.deepEqual(ofLock(first, holder(1, 1, "wait, held 2 0 0 1, free, freed")), ["two holders"]);
    assert.deepEqual(ofLock(first, holder(1, 6, "wait, held 2 1 0 1, free, freed")), ["two holders"]);
    assert.deepEqual(ofLock(holder(0, 0, "wait, held 1 0 0 1, stolen, free, freed")), ["two holders"]);
  });

  test("finds that a follower was not told of a death, and takes it that it was", () => {
    const dead = holder(0, 0, "wait, held 1 0 0 1", 4);
    assert.deepEqual(ofLock(dead, holder(1, 5, "wait, held 2 1 1 0, free, freed")), []);
    assert.deepEqual(ofLock(dead, holder(1, 5, "wait, held 2 0 0 1, free, freed")), ["wrong abandonment"]);
    assert.deepEqual(ofLock(dead, holder(1, 1, "wait, held 2 1 1 0, free, freed")), ["two holders"]);
  });

  test("finds that somebody was told of a death that never was, unless a waiter may have had the lock for a moment", () => {
    const first = holder(0, 0, "wait, held 1 0 0 1, free, freed");
    const told = holder(1, 8, "wait, held 2 0 1 1, free, freed");
    assert.deepEqual(ofLock(first, told), ["wrong abandonment"]);
    assert.deepEqual(ofLock(first, holder(2, 2, "wait", 5), told), []);
  });

  test("finds a turn that is missing and was not told", () => {
    const first = holder(0, 0, "wait, held 1 0 0 1, free, freed");
    assert.deepEqual(ofLock(first, holder(1, 8, "wait, held 3 0 0 1, free, freed")), ["wrong abandonment"]);
    assert.deepEqual(ofLock(first, holder(1, 8, "wait, held 3 0 1 1, free, freed")), []);
  });

  test("finds more inside than there are permits", () => {
    const parties = [0, 1, 2].map((number) => holder(number, number, "wait, held, x, x, x, free, freed"));
    assert.deepEqual(
      found((tally) => judgePermits("a semaphore", tally, parties, 3)),
      [],
    );
    assert.deepEqual(
      found((tally) => judgePermits("a semaphore", tally, parties, 2)),
      ["two holders"],
    );
  });

  test("finds a reader beside a writer", () => {
    const writer = holder(0, 0, "wait, held 1 0 0 1, free, freed, wait, held 2 0 0 1, free, freed");
    const ofReader = (at: number): Never[] =>
      found((tally) => judgeReaders("a lock", tally, [writer, holder(1, at, "wait, read 1 0 0 1, free, freed")]));
    assert.deepEqual(ofReader(2), []);
    assert.deepEqual(ofReader(0), ["two holders"]);
    assert.deepEqual(ofReader(5), ["two holders"]);
  });
});
