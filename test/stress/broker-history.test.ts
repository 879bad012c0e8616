import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BrokerHistory, type Promises } from "./broker-history.js";
import { FaultMap } from "./fault-map.js";
import { FaultTally, type Never } from "./fault-tally.js";
import { forgedParty } from "./forged-party.js";
import type { Witness } from "./party.js";

const made: Record<string, number> = { p: 0, q: 1, c: 2, d: 3 };
const strict: Promises = { keepsMarks: true, keepsAcks: true, refusesSurely: true };

/** p and q produce, c and d consume. */
const party = (name: string, notes: string, when?: { at?: number; killedAt?: number }): Witness =>
  forgedParty(made[name] < 2 ? "producer" : "consumer", made[name], notes, when);
const puts = (name: string, count: number): Witness => party(name, `put 0 ${count}, done 0 ${count}`);

interface Setting extends Partial<Promises> {
  readonly isOrdered?: boolean;
  readonly faults?: readonly [kind: string, at: number, over: number][];
}

function found(parties: readonly Witness[], { isOrdered = false, faults = [], ...promises }: Setting = {}): Never[] {
  const tally = new FaultTally("history", 0);
  const map = new FaultMap([], []);
  for (const [kind, at, over] of faults) map.begin(kind, at).over = over;
  new BrokerHistory("a queue", tally, map, { ...strict, ...promises }, isOrdered).read(parties).judge();
  return (Object.keys(tally.never) as Never[]).filter((what) => tally.never[what] > 0);
}

describe("the checker of brokers' histories", () => {
  test("smoke: finds nothing wrong where all that was confirmed came out", () => {
    const took = party("c", "took 0 0 0, ack 0 0, acked 0 0, took 0 1 0, ack 0 1, acked 0 1");
    assert.deepEqual(found([puts("p", 2), took]), []);
  });

  test("finds what was confirmed and never came, and what came and nobody acknowledged", () => {
    assert.deepEqual(found([puts("p", 2), party("c", "get 1, got 0 0, nothing")]), ["lost"]);
    assert.deepEqual(found([puts("p", 1), party("c", "took 0 0 0, nack 0 0, nacked 0 0")]), ["lost"]);
  });

  test("takes it that a get() that was killed or refused had one message, and no more than one", () => {
    for (const consumer of [party("c", "get 1", { killedAt: 5 }), party("c", "get 1, unsure")]) {
      assert.deepEqual(found([puts("p", 1), consumer]), []);
      assert.deepEqual(found([puts("p", 2), consumer]), ["lost"]);
    }
    assert.deepEqual(found([puts("p", 1), party("c", "get 1, nothing", { killedAt: 5 })]), ["lost"]);
  });

  test("takes it that a killed acknowledgement may have happened, and a refused one where nothing else is promised", () => {
    assert.deepEqual(found([puts("p", 1), party("c", "took 0 0 0, ack 0 0", { killedAt: 5 })]), []);
    const refused = party("c", "took 0 0 0, ack 0 0, refused 0 0");
    assert.deepEqual(found([puts("p", 1), refused]), ["lost"]);
    assert.deepEqual(found([puts("p", 1), refused], { refusesSurely: false }), []);
  });

  test("lets a put that was killed or given up have happened or not, and finds what nobody put", () => {
    const comes = party("c", "took 0 0 0, ack 0 0, acked 0 0");
    assert.deepEqual(found([party("p", "put 0 1", { killedAt: 1 }), comes]), []);
    assert.deepEqual(found([party("p", "put 0 1", { killedAt: 1 })]), []);
    assert.deepEqual(found([party("p", "put 0 1, up 0 1"), comes]), []);
    assert.deepEqual(found([party("p", "put 0 1, up 0 1")]), []);
    assert.deepEqual(found([puts("q", 1), comes]), ["lost", "unexpected"]);
  });

  test("takes any number of deliveries with a mark, and one without", () => {
    const first = party("c", "took 0 0 0, nack 0 0, nacked 0 0, took 0 0 1", { killedAt: 5 });
    assert.deepEqual(found([puts("p", 1), first, party("d", "took 0 0 1, ack 0 0, acked 0 0", { at: 6 })]), []);
    assert.deepEqual(found([puts("p", 1), first, party("d", "took 0 0 0, ack 0 0, acked 0 0", { at: 6 })]), [
      "duplicated",
    ]);
  });

  test("takes a second one without a mark only where the server was killed before, and that may cost the mark", () => {
    const twice = [
      puts("p", 1),
      party("c", "took 0 0 0", { killedAt: 5 }),
      party("d", "took 0 0 0, ack 0 0, acked 0 0", { at: 9 }),
    ];
    assert.deepEqual(found(twice, { faults: [["server killed", 6, 7]], keepsMarks: false }), []);
    assert.deepEqual(found(twice, { faults: [["server killed", 6, 7]] }), ["duplicated"]);
    assert.deepEqual(found(twice, { faults: [["connections cut", 6, 7]], keepsMarks: false }), ["duplicated"]);
    assert.deepEqual(found(twice, { faults: [["server killed", 20, 21]], keepsMarks: false }), ["duplicated"]);
  });

  test("finds what comes after its acknowledgement, unless it was put twice because of a fault, or that is not promised", () => {
    const after = [
      puts("p", 1),
      party("c", "took 0 0 0, ack 0 0, acked 0 0", { at: 3 }),
      party("d", "took 0 0 1, ack 0 0, acked 0 0", { at: 9 }),
    ];
    assert.deepEqual(found(after), ["duplicated"]);
    assert.deepEqual(found(after, { keepsAcks: false }), []);
    assert.deepEqual(found(after, { faults: [["connections cut", 0, 1]] }), []);
  });

  test("finds messages of one producer that change places, where one consumer takes in order and no fault was on", () => {
    const parties = [puts("p", 2), party("c", "took 0 1 0, ack 0 1, acked 0 1, took 0 0 0, ack 0 0, acked 0 0")];
    assert.deepEqual(found(parties, { isOrdered: true }), ["out of order"]);
    assert.deepEqual(found(parties), []);
    assert.deepEqual(found(parties, { isOrdered: true, faults: [["connections cut", 0, 1]] }), []);
    const marked = party("c", "took 0 1 0, ack 0 1, acked 0 1, took 0 0 1, ack 0 0, acked 0 0");
    assert.deepEqual(found([puts("p", 2), marked], { isOrdered: true }), []);
  });

  test("finds a message that is not what anybody puts, and an answer long after its deadline", () => {
    assert.deepEqual(found([puts("p", 0), party("c", "broken")]), ["corrupt"]);
    assert.deepEqual(found([puts("p", 0), party("c", "late 20000")]), ["hung"]);
  });

  test("counts what happened under the fault before it", () => {
    const map = new FaultMap(["refused"], ["next put"]);
    map.begin("cut", 10);
    map.begin("kill", 20).over = 25;
    map.happened("refused", 5);
    map.happened("refused", 15);
    map.happened("refused", 22);
    map.happened("refused", 30);
    map.took("kill", "next put", 1500);
    const rows = String(map).split("\n").slice(2);
    assert.deepEqual(rows, ["| cut | 1 | 1 |  |", "| kill | 1 | 2 | 1.50 / 1.50 s |"]);
    assert.deepEqual([map.isDisturbed(21, 22), map.isDisturbed(0, 9), map.isDisturbed(11, 19)], [true, false, false]);
  });
});
