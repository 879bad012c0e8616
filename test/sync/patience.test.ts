import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { looksBriefly } from "#src/sync/look-briefly.js";
import { Patience } from "#src/sync/patience.js";
import { canSpin } from "#src/sync/processors.js";

const [LEAST, MOST] = canSpin ? [0.02, 0.1] : [0, 0];
const SHORT_MS = 0.05;
const LONG_MS = 100;

describe("patience", () => {
  test("smoke: it begins with the short limit, and a short sleep has the long one tried", () => {
    const patience = new Patience(0.02, 0.1);
    assert.equal(patience.ms, LEAST);
    patience.slept(SHORT_MS);
    assert.equal(patience.ms, MOST);
  });

  test("the long limit stays while it pays", () => {
    const patience = new Patience(0.02, 0.1);
    patience.slept(SHORT_MS);
    for (let times = 0; times < 100; times++) patience.paid();
    assert.equal(patience.ms, MOST);
  });

  test("where even the long limit was in vain nothing is looked for, and it is tried again ever more rarely", () => {
    const patience = new Patience(0.02, 0.1);
    patience.slept(SHORT_MS);
    const pauses: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      patience.slept(SHORT_MS);
      let sleeps = 0;
      for (; patience.ms !== MOST || MOST === 0; sleeps++) {
        if (MOST === 0) return;
        assert.equal(patience.ms, 0);
        patience.slept(SHORT_MS);
      }
      pauses.push(sleeps);
    }
    assert.deepEqual(pauses, [1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1024, 1024]);
  });

  test("a look that pays makes the tries frequent again", () => {
    const patience = new Patience(0.02, 0.1);
    patience.slept(SHORT_MS);
    for (let tries = 0; tries < 5; tries++)
      do patience.slept(SHORT_MS);
      while (patience.ms !== MOST);
    patience.paid();
    patience.slept(SHORT_MS);
    assert.equal(patience.ms, 0);
    patience.slept(SHORT_MS);
    assert.equal(patience.ms, MOST);
  });

  test("a long sleep says nothing: the short limit holds again", () => {
    const patience = new Patience(0.02, 0.1);
    for (let sleeps = 0; sleeps < 5; sleeps++) {
      patience.slept(LONG_MS);
      assert.equal(patience.ms, LEAST);
      for (let more = 0; more < sleeps; more++) patience.slept(SHORT_MS);
    }
  });

  test("a sleep of medium length keeps the short limit", () => {
    const patience = new Patience(0.02, 0.1);
    patience.slept(0.5);
    assert.equal(patience.ms, LEAST);
  });

  test("a brief look sees what comes while it looks, and with one processor looks once", () => {
    let looks = 0;
    assert.equal(
      looksBriefly(() => ++looks === (canSpin ? 100 : 1)),
      true,
    );
    assert.equal(looks, canSpin ? 100 : 1);
    assert.equal(
      looksBriefly(() => false),
      false,
    );
  });
});
