import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Discipline, ItemStore } from "#src/rings/item-store.js";
import { BLOCK, STATES } from "#src/rings/item-store.layout.js";
import { AccessGate, Killed } from "./access-gate.js";
import { inContext } from "./in-context.js";
import { ItemMemory } from "./item-memory.js";
import { contentOf } from "./item-model.js";

const DEAD = 0x5001;
const LIVING = 0x6002;

/** An item by its content's number, and what is known of it besides. */
interface Known {
  readonly number: number;
  readonly deliveries: number;
}

/** What outsiders can tell of a store: the line, what is taken and by whom, who is writing. */
interface View {
  readonly line: readonly Known[];
  readonly taken: readonly (Known & { owner: number })[];
  readonly writing: readonly number[];
}

const priorities = [1, 0, 1, 0, 2, 1];

/** Four ready items, three taken (two by the dead to be), one being written by each. */
function setUp(memory: ItemMemory): { store: ItemStore; mine: number[]; begun: number } {
  const store = memory.store();
  for (let i = 0; i < 7; i++) put(store, i, 40 + i * 60);
  const mine = [store.take(DEAD), store.take(LIVING), store.take(DEAD)].filter((_, i) => i !== 1);
  store.write(store.begin(300, LIVING), contentOf(50, 300), 0, 300);
  const begun = store.begin(280, DEAD);
  store.write(begun, contentOf(51, 280), 0, 280);
  return { store, mine, begun };
}

function put(store: ItemStore, number: number, length: number): void {
  store.put(contentOf(number, length), 0, length, number, priorities[number % priorities.length]);
}

const operations: Record<string, (store: ItemStore, from: { mine: number[]; begun: number }) => void> = {
  "put one block": (store) => put(store, 20, 100),
  "put several blocks": (store) => put(store, 21, 5 * BLOCK),
  begin: (store) => void store.begin(500, DEAD),
  publish: (store, { begun }) => store.publish(begun, 51, 1),
  abandon: (store, { begun }) => store.abandon(begun),
  take: (store) => void store.take(DEAD),
  finish: (store, { mine }) => store.finish(mine[0]),
  "give back": (store, { mine }) => store.giveBack(mine[1]),
  "drop ready": (store) => store.dropReady(() => undefined),
  reclaim: (store) => void store.reclaim((owner) => owner === LIVING),
  repair: (store) => store.repair(),
  "take the last": (store) => {
    while (store.take(DEAD) >= 0);
  },
};

/** Operations that change one item after the other. */
const manyChanges = new Set(["drop ready", "reclaim", "take the last"]);

/** Reads what a store shows; items must be whole. */
function view(memory: ItemMemory): View {
  memory.check();
  const known = (item: number): Known => {
    const number = memory.row(item, "flags");
    const length = memory.row(item, "length");
    assert.equal(Buffer.compare(memory.contentOf(item), contentOf(number, length)), 0, `item ${number} is whole`);
    return { number, deliveries: memory.row(item, "deliveries") };
  };
  const { items } = memory;
  return {
    line: memory.line.map(known),
    taken: items
      .filter(({ state }) => state === STATES.taken)
      .map(({ item, owner }) => ({ ...known(item), owner }))
      .sort((a, b) => a.number - b.number),
    writing: items.filter(({ state }) => state === STATES.writing).map(({ owner }) => owner),
  };
}

const withoutCounts = ({ line, taken, writing }: View) => ({
  line: line.map(({ number }) => number),
  taken: taken.map(({ number, owner }) => [number, owner]),
  writing: [...writing].sort(),
});

/** Stops `operation` at each access and calls `check` with the memory as it was left. Gives the number of stops. */
function stopEverywhere(
  discipline: Discipline,
  order: number,
  operation: (store: ItemStore, from: { mine: number[]; begun: number }) => void,
  check: (memory: ItemMemory) => void,
): number {
  const cursor = order === 0 ? 0 : 20;
  for (let killAt = 1; ; killAt++) {
    const memory = new ItemMemory(discipline, 32, order, cursor);
    const from = setUp(memory);
    const gate = new AccessGate();
    gate.killAt = killAt;
    try {
      operation(memory.store(gate), from);
      return killAt - 1;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    inContext(
      () => `stopped before access ${killAt}`,
      () => check(memory),
    );
  }
}

const disciplines: readonly Discipline[] = ["fifo", "lifo", "priority"];

describe("a store whose user is killed in the middle of a change", () => {
  for (const discipline of disciplines)
    for (const order of [0, 2 ** 31 - 5, -5])
      for (const [name, operation] of Object.entries(operations))
        test(`${discipline}, orders from ${order}: ${name}, stopped at any access, is done or was never begun once it is repaired`, (t) => {
          const whole = new ItemMemory(discipline, 32, order, order === 0 ? 0 : 20);
          const from = setUp(whole);
          const before = withoutCounts(view(whole));
          operation(whole.store(), from);
          const after = withoutCounts(view(whole));
          const stops = stopEverywhere(discipline, order, operation, (memory) => {
            memory.store().repair();
            const found = withoutCounts(view(memory));
            if (manyChanges.has(name)) {
              // whatever was done of it, doing it again ends where it would have ended
              operation(memory.store(), from);
              assert.deepEqual(withoutCounts(view(memory)), after);
            } else {
              const isEither = [before, after].some((one) => JSON.stringify(one) === JSON.stringify(found));
              assert.ok(
                isEither,
                `${JSON.stringify(found)} is neither ${JSON.stringify(before)} nor ${JSON.stringify(after)}`,
              );
            }
            reclaimed(memory);
          });
          t.diagnostic(`${stops} stops`);
          assert.ok(stops > 5);
        });

  for (const discipline of disciplines)
    test(`${discipline}: a repair that is stopped at any access is done by the next one`, () => {
      for (const [name, operation] of Object.entries(operations)) {
        let checked = 0;
        stopEverywhere(discipline, -5, operation, (memory) => {
          if (checked++ % 7 !== 0) return; // each stop of a repair behind each stop of an operation would take minutes
          const broken = memory.save();
          memory.store().repair();
          const repaired = view(memory);
          for (let killAt = 1; ; killAt += 3) {
            memory.restore(broken);
            const gate = new AccessGate();
            gate.killAt = killAt;
            try {
              memory.store(gate).repair();
              break;
            } catch (error) {
              if (!(error instanceof Killed)) throw error;
            }
            memory.store().repair();
            inContext(
              () => `${name}, repair stopped before access ${killAt}`,
              () => assert.deepEqual(view(memory), repaired),
            );
          }
        });
        assert.ok(checked > 5);
      }
    });

  test("its deliveries say at most what was delivered", () => {
    stopEverywhere("fifo", 0, operations.take, (memory) => {
      const { line } = repairedView(memory);
      for (const { number, deliveries } of line) assert.ok(deliveries <= 1, `item ${number}: ${deliveries}`);
    });
  });
});

/** Once the dead is forgotten as well, everything can be taken and every block is free. */
function reclaimed(memory: ItemMemory): void {
  const store = memory.store();
  store.reclaim((owner) => owner === DEAD || owner === LIVING);
  const { taken, writing } = view(memory);
  assert.deepEqual([taken.length, writing.length], [0, 0]);
  for (let item = store.take(LIVING); item >= 0; item = store.take(LIVING)) store.finish(item);
  assert.equal(store.free, memory.blocks);
  assert.equal(store.pending, 0);
  memory.check();
  const all = (memory.blocks - 1) * BLOCK;
  store.put(contentOf(9, all), 0, all, 9, 0);
  memory.check();
}

function repairedView(memory: ItemMemory): View {
  memory.store().repair();
  memory.store().reclaim((owner) => owner === DEAD);
  return view(memory);
}
