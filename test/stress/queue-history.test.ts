import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FaultTally, type Never } from "./fault-tally.js";
import { forgedParty } from "./forged-party.js";
import type { Witness } from "./party.js";
import { QueueHistory } from "./queue-history.js";

const made: Record<string, number> = { p: 0, q: 1, c: 2, d: 3 };

/** p and q produce, c and d consume. */
const party = (name: string, notes: string, when?: { at?: number; killedAt?: number }): Witness =>
  forgedParty(made[name] < 2 ? "producer" : "consumer", made[name], notes, when);

function found(parties: readonly Witness[], onlyGets = false): Never[] {
  const tally = new FaultTally("history", 0);
  const history = new QueueHistory("a queue", tally, true, onlyGets);
  history.read(parties);
  history.judge();
  return (Object.keys(tally.never) as Never[]).filter((what) => tally.never[what] > 0);
}

const puts = (name: string, count: number): Witness => party(name, `put 0 ${count}, done 0 ${count}`);

describe("the checker of queues' histories", () => {
  test("smoke: finds nothing wrong where all that went in came out", () => {
    const took = party("c", "took 0 0 1, ack 0 0, acked 0 0, took 0 1 1, ack 0 1, acked 0 1");
    assert.deepEqual(found([puts("p", 2), took]), []);
  });

  test("finds what was put and never came", () => {
    assert.deepEqual(found([puts("p", 2), party("c", "get 1, got 0 0, nothing")]), ["lost"]);
  });

  test("takes it that a get() that was killed had one message, and no more than one", () => {
    const killed = party("c", "get 1", { killedAt: 5 });
    assert.deepEqual(found([puts("p", 1), killed]), []);
    assert.deepEqual(found([puts("p", 2), killed]), ["lost"]);
    assert.deepEqual(found([puts("p", 1), party("c", "get 1")]), ["lost"]);
  });

  test("takes it that a killed acknowledgement may have happened, and a killed holder's not", () => {
    assert.deepEqual(found([puts("p", 1), party("c", "took 0 0 1, ack 0 0", { killedAt: 5 })]), []);
    assert.deepEqual(found([puts("p", 1), party("c", "took 0 0 1", { killedAt: 5 })]), ["lost"]);
  });

  test("lets a put that was killed have happened or not, and finds what came although it was not put", () => {
    const comes = party("c", "took 0 0 1, ack 0 0, acked 0 0");
    assert.deepEqual(found([party("p", "put 0 1", { killedAt: 1 }), comes]), []);
    assert.deepEqual(found([party("p", "put 0 1", { killedAt: 1 })]), []);
    assert.deepEqual(found([party("p", "put 0 1, void 0"), comes]), ["unexpected"]);
    assert.deepEqual(found([puts("q", 0), comes]), ["unexpected"]);
  });

  test("takes a second delivery that says so, and finds one that does not", () => {
    const first = party("c", "took 0 0 1", { killedAt: 5 });
    assert.deepEqual(found([puts("p", 1), first, party("d", "took 0 0 2, ack 0 0, acked 0 0", { at: 6 })]), []);
    assert.deepEqual(found([puts("p", 1), first, party("d", "took 0 0 1, ack 0 0, acked 0 0", { at: 6 })]), [
      "duplicated",
    ]);
  });

  test("finds what is delivered or acknowledged after its acknowledgement", () => {
    const acks = party("c", "took 0 0 1, ack 0 0, acked 0 0");
    assert.deepEqual(found([puts("p", 1), acks, party("d", "took 0 0 2", { at: 6 })]), ["duplicated"]);
    assert.deepEqual(found([puts("p", 1), acks, party("d", "get 1, got 0 0", { at: 6 })]), ["duplicated"]);
    const gets = party("c", "get 1, got 0 0");
    assert.deepEqual(found([puts("p", 1), gets, party("d", "took 0 0 1", { at: 6 })]), ["duplicated"]);
  });

  test("finds messages of one producer that change places, redelivered ones excepted", () => {
    const acked = (order: readonly string[]): string =>
      order.map((id) => `took 0 ${id}, ack 0 ${id.split(" ")[0]}, acked 0 ${id.split(" ")[0]}`).join(", ");
    assert.deepEqual(found([puts("p", 2), party("c", acked(["1 1", "0 1"]))]), ["out of order"]);
    assert.deepEqual(found([puts("p", 2), party("c", acked(["1 1", "0 2"]))]), []);
    assert.deepEqual(found([puts("p", 2), party("c", "get 1, got 0 1, get 1, got 0 0")], true), ["out of order"]);
  });

  test("finds a message that is not what anybody puts", () => {
    assert.deepEqual(found([puts("p", 0), party("c", "broken")]), ["corrupt"]);
  });
});
