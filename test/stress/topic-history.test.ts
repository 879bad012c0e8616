import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FaultTally, type Never } from "./fault-tally.js";
import { forgedParty } from "./forged-party.js";
import type { Witness } from "./party.js";
import { TopicHistory } from "./topic-history.js";

const publisher = (number: number, notes: string, when?: { at?: number; killedAt?: number }): Witness =>
  forgedParty("publisher", number, notes, when);
const subscriber = (number: number, notes: string): Witness => forgedParty("subscriber", number, notes, { at: 0 });

function found(parties: readonly Witness[], isLossless = true): Never[] {
  const tally = new FaultTally("history", 0);
  const history = new TopicHistory("a topic", tally, isLossless);
  history.read(parties);
  history.judge();
  return (Object.keys(tally.never) as Never[]).filter((what) => tally.never[what] > 0);
}

/** Published when all subscribers have subscribed. */
const three = publisher(0, "put 0, done 0, put 1, done 1, put 2, done 2", { at: 100 });

describe("the checker of topics' histories", () => {
  test("smoke: finds nothing wrong where everybody saw everything", () => {
    const saw = "subscribed, got 0 0 5 0, got 0 1 6 0, got 0 2 7 0, drained 0";
    assert.deepEqual(found([three, subscriber(1, saw), subscriber(2, saw)]), []);
  });

  test("finds what one of them never saw, at the end, at the beginning and in between", () => {
    const all = subscriber(1, "subscribed, got 0 0 5 0, got 0 1 6 0, got 0 2 7 0, drained 0");
    for (const saw of [
      "subscribed, got 0 0 5 0, got 0 1 6 0, drained 0",
      "subscribed, got 0 1 6 0, got 0 2 7 0, drained 0",
      "subscribed, got 0 0 5 0, got 0 2 7 0, drained 0",
      "subscribed, drained 0",
    ])
      assert.deepEqual(found([three, all, subscriber(2, saw)]), ["lost"], saw);
  });

  test("takes what was missed for missed, exactly, and not where the topic is lossless", () => {
    const saw = [three, subscriber(1, "subscribed, got 0 0 5 0, got 0 2 7 1, drained 1")];
    assert.deepEqual(found(saw, false), []);
    assert.deepEqual(found(saw, true), ["lost"]);
    const told = (missed: number, all: number): Never[] =>
      found([three, subscriber(1, `subscribed, got 0 0 5 0, got 0 2 7 ${missed}, drained ${all}`)], false);
    assert.deepEqual(told(0, 0), ["lost"]);
    assert.deepEqual(told(2, 2), ["out of order"]);
    assert.deepEqual(told(1, 2), ["wrong count"]);
  });

  test("finds a message that comes twice, and two orders", () => {
    assert.deepEqual(found([three, subscriber(1, "subscribed, got 0 0 5 0, got 0 0 6 0")]), ["duplicated"]);
    assert.deepEqual(found([three, subscriber(1, "subscribed, got 0 1 5 0, got 0 0 6 0")]), ["out of order"]);
    const [one, other] = ["got 0 0 5 0, got 0 1 6 0", "got 0 1 5 0, got 0 0 6 0"];
    assert.ok(
      found([three, subscriber(1, `subscribed, ${one}`), subscriber(2, `subscribed, ${other}`)]).includes("duplicated"),
    );
  });

  test("lets a publish that was killed have happened or not, and finds what came although it was not published", () => {
    const killed = publisher(0, "put 0", { at: 100, killedAt: 200 });
    const saw = subscriber(1, "subscribed, got 0 0 0 0, drained 0");
    assert.deepEqual(found([killed, saw]), []);
    assert.deepEqual(found([killed, subscriber(1, "subscribed, drained 0")]), []);
    assert.deepEqual(found([publisher(0, "put 0, void 0", { at: 100 }), saw]), ["unexpected"]);
    assert.deepEqual(found([saw]), ["unexpected"]);
  });

  test("asks for nothing that was published before there was a subscription, or after it was closed", () => {
    const early = publisher(0, "put 0, done 0", { at: 0 });
    const late = forgedParty("subscriber", 1, "subscribed, drained 0", { at: 50 });
    assert.deepEqual(found([early, late]), []);
    assert.deepEqual(found([three, subscriber(1, "subscribed, got 0 0 5 0, leave, left")]), []);
  });
});
