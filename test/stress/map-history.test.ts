import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FaultTally, type Never } from "./fault-tally.js";
import { forgedParty } from "./forged-party.js";
import { MapHistory } from "./map-history.js";
import { makeValue, recogniseValue } from "./map-values.js";
import type { Witness } from "./party.js";

const KEYS = 2;
const writer = (number: number, notes: string, when?: { at?: number; killedAt?: number }): Witness =>
  forgedParty("writer", number, notes, when);
const reader = (notes: string, at: number): Witness => forgedParty("reader", 9, notes, { at });

function found(parties: readonly Witness[], isLossless = true, counters: readonly number[] = []): Never[] {
  const tally = new FaultTally("history", 0);
  const history = new MapHistory("a map", tally, KEYS, isLossless);
  history.read(parties);
  for (const [counter, value] of counters.entries()) history.ends(counter, value);
  history.judge();
  return (Object.keys(tally.never) as Never[]).filter((what) => tally.never[what] > 0);
}

describe("the checker of maps' histories", () => {
  const two = writer(0, "set 1 0 0, done 0, set 1 1 0, done 1");

  test("smoke: finds nothing wrong where everybody saw what was there", () => {
    assert.deepEqual(found([two, reader("look 1, got 1 0 1, look 0, none 0", 10)]), []);
    assert.deepEqual(found([two, reader("look 1, got 1 0 0", 1)]), []);
    assert.deepEqual(found([two, reader("walk, got 1 0 1, walked", 10)]), []);
  });

  test("finds what nobody wrote, or not for that key, or not yet", () => {
    assert.deepEqual(found([two, reader("look 1, got 1 0 5", 10)]), ["unexpected"]);
    assert.deepEqual(found([two, reader("look 0, got 0 0 1", 10)]), ["unexpected"]);
    assert.deepEqual(found([writer(0, "set 1 0 0, done 0", { at: 50 }), reader("look 1, got 1 0 0", 10)]), [
      "unexpected",
    ]);
    assert.deepEqual(found([writer(0, "set 1 0 0, void 0"), reader("look 1, got 1 0 0", 10)]), ["unexpected"]);
    assert.deepEqual(found([two, reader("broken 1", 10)]), ["corrupt"]);
  });

  test("finds what had been overwritten, removed or cleared", () => {
    assert.deepEqual(found([two, reader("look 1, got 1 0 0", 10)]), ["out of order"]);
    for (const removal of ["delete 1 7, done 7", "clear -1 7, done 7"])
      assert.deepEqual(found([two, writer(1, removal, { at: 5 }), reader("look 1, got 1 0 1", 10)]), ["out of order"]);
  });

  test("takes a value for written once somebody has read it, also one of a call that was killed", () => {
    const killed = writer(1, "set 1 0 0", { at: 5, killedAt: 100 });
    assert.deepEqual(found([two, killed, reader("look 1, got 1 1 0", 10)]), []);
    assert.deepEqual(found([two, killed, reader("look 1, got 1 0 1", 10)]), []);
    const after = writer(2, "set 1 0 0, done 0", { at: 20 });
    const seen = reader("look 1, got 1 1 0", 10);
    assert.deepEqual(found([two, killed, seen, after, forgedParty("reader", 8, "look 1, got 1 1 0", { at: 30 })]), [
      "out of order",
    ]);
    assert.deepEqual(found([two, killed, after, forgedParty("reader", 8, "look 1, got 1 1 0", { at: 30 })]), []);
  });

  test("finds a key that is not there, unless something may have removed it", () => {
    const none = reader("look 1, none 1", 10);
    assert.deepEqual(found([two, none]), ["lost"]);
    assert.deepEqual(found([two, reader("walk, walked", 10)]), ["lost"]);
    assert.deepEqual(found([two, none], false), []);
    assert.deepEqual(found([two, writer(1, "delete 1 7, done 7", { at: 5 }), none]), []);
    assert.deepEqual(found([two, writer(1, "delete 1 7", { at: 0, killedAt: 1 }), none]), ["lost"]);
    assert.deepEqual(found([two, writer(1, "delete 1 7", { at: 0, killedAt: 3 }), none]), []);
    assert.deepEqual(found([two, writer(1, "delete 1 7, done 7", { at: -5 }), none]), ["lost"]);
  });

  test("finds what is there for too long, or not for long enough", () => {
    const mortal = writer(0, "set 1 0 100, done 0");
    assert.deepEqual(found([mortal, reader("look 1, got 1 0 0", 90)]), []);
    assert.deepEqual(found([mortal, reader("look 1, got 1 0 0", 120)]), ["out of order"]);
    assert.deepEqual(found([mortal, reader("look 1, none 1", 120)]), []);
    assert.deepEqual(found([mortal, reader("look 1, none 1", 50)]), ["lost"]);
  });

  test("finds two updates of one value, and one that comes twice to who walks along", () => {
    const update = (number: number): Witness =>
      writer(number, "update 1 0 0, done 0, instead 1 0 1", { at: 4 + number });
    assert.deepEqual(found([two, update(1)]), []);
    assert.deepEqual(found([two, update(1), update(2)]), ["duplicated"]);
    assert.deepEqual(found([two, reader("walk, got 1 0 1, got 1 0 1, walked", 10)]), ["duplicated"]);
  });

  test("holds counters against what was added, and lets an add that was killed have happened or not", () => {
    const adds = writer(0, "add 0, added 0 0, add 0, added 0 1");
    assert.deepEqual(found([adds], true, [2]), []);
    assert.deepEqual(found([adds], true, [1]), ["lost"]);
    assert.deepEqual(found([adds], true, [3]), ["duplicated"]);
    const killed = writer(1, "add 0", { at: 10, killedAt: 20 });
    assert.deepEqual(found([adds, killed], true, [2]), []);
    assert.deepEqual(found([adds, killed], true, [3]), []);
    assert.deepEqual(found([adds, killed], true, [4]), ["duplicated"]);
    assert.deepEqual(found([adds, writer(1, "add 0, added 0 1", { at: 2 })], true, [3]), ["duplicated"]);
    assert.deepEqual(found([adds, writer(1, "add 0, added 0 0", { at: 50 })], true, [3]), ["lost", "duplicated"]);
    assert.deepEqual(found([adds, reader("value 0, counted 0 2", 10)], true, [2]), []);
    assert.deepEqual(found([adds, reader("value 0, counted 0 1", 10)], true, [2]), ["lost"]);
    assert.deepEqual(found([adds, reader("value 0, counted 0 3", 10)], true, [2]), ["duplicated"]);
  });
});

describe("a value that says what it is", () => {
  test("is recognised whole, and with any byte changed it is not", () => {
    for (let number = 0; number < 60; number++) {
      const id = { writer: 3, number };
      const value = makeValue(5, id, 2000);
      assert.deepEqual(recogniseValue(value, 5, 2000), id);
      assert.equal(recogniseValue(value, 6, 2000), undefined);
      if (typeof value === "string") assert.equal(recogniseValue(`${value}x`, 5, 2000), undefined);
      else if (value instanceof Uint8Array) {
        value[value.length - 1] ^= 1;
        assert.equal(recogniseValue(value, 5, 2000), undefined);
      } else assert.equal(recogniseValue({ ...(value as object), text: "x" }, 5, 2000), undefined);
    }
    for (const value of [undefined, null, 7, "", "5/", new Uint8Array(3), {}, { key: 5 }])
      assert.equal(recogniseValue(value, 5, 2000), undefined);
  });
});
