import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ProtocolError } from "#src/errors.js";
import type { Discipline } from "#src/rings/item-store.js";
import { BLOCK, LAST } from "#src/rings/item-store.layout.js";
import { ItemMemory } from "./item-memory.js";
import { contentOf, ItemModel, type Step } from "./item-model.js";

const isFast = process.env.INTERPROC_TEST === "fast";
const disciplines: readonly Discipline[] = ["fifo", "lifo", "priority"];
/** Owner words, one of which has the highest bit. */
const owners = [0x1001, 0x2002, 0x8000_3003 | 0];

const lengths = fc.oneof(
  fc.constantFrom(0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK - 1),
  fc.nat({ max: 6 * BLOCK }),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom("put", "put", "begin"),
      length: lengths,
      priority: fc.constantFrom(0, 0, 1, -1, 2.5, -1e300),
      owner: fc.constantFrom(...owners),
    }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom("take"), owner: fc.constantFrom(...owners) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom("publish", "publish", "abandon", "finish", "finish", "give back"),
      which: fc.nat({ max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("reclaim"), owner: fc.constantFrom(...owners) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("drop ready", "repair", "repair") }) },
);

/** Orders and cursors that a long use may have led to. */
const starts = [
  [0, 0],
  [2 ** 31 - 3, 2 ** 31 - 2],
  [-3, -2],
  [3, 2 ** 32 - 1],
  [-(2 ** 31) + 2, 5],
] as const;

describe("an item store", () => {
  test("smoke: what is put is taken, in order and whole", () => {
    const memory = new ItemMemory("fifo", 32);
    const store = memory.store();
    store.put(contentOf(1, 300), 0, 300, 7, 0);
    store.put(contentOf(2, 0), 0, 0, 8, 0);
    const item = store.take(owners[0]);
    const target = new Uint8Array(300);
    store.read(item, target, 0);
    assert.deepEqual([target, store.flagsOf(item), store.deliveriesOf(item)], [contentOf(1, 300), 7, 1]);
    assert.deepEqual([store.ready, store.taken, store.pending, store.free], [1, 1, 2, 32 - 3 - 1]);
    store.finish(item);
    assert.deepEqual([store.ready, store.taken, store.free], [1, 0, 31]);
    memory.check();
  });

  test("an item that was taken 2^32 - 1 times says so ever after", () => {
    const memory = new ItemMemory("fifo", 4);
    const store = memory.store();
    store.put(contentOf(1, 10), 0, 10, 0, 0);
    memory.setRow(0, "deliveries", -3);
    for (const deliveries of [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32 - 1]) {
      const item = store.take(owners[0]);
      assert.equal(store.deliveriesOf(item), deliveries);
      store.giveBack(item);
    }
    memory.check();
  });

  for (const discipline of disciplines)
    for (const [order, cursor] of starts)
      test(`[case 63] ${discipline}, orders from ${order}, cursor at ${cursor}: any steps leave what plain lists would`, () => {
        fc.assert(
          fc.property(fc.array(steps, { minLength: 1, maxLength: 60 }), (all) => {
            const memory = new ItemMemory(discipline, 24, order, cursor);
            const model = new ItemModel(memory, memory.store());
            for (const step of all) {
              model.do(step);
              model.compare();
            }
          }),
          { numRuns: isFast ? 60 : 300 },
        );
      });

  for (const discipline of disciplines)
    test(`${discipline}: a store that is never empty keeps its order over 2^32 orders`, () => {
      const memory = new ItemMemory(discipline, 16);
      const store = memory.store();
      const model = new ItemModel(memory, store);
      const owner = owners[1];
      model.do({ what: "put", length: 5, priority: 9, owner });
      for (let round = 0; round < 64; round++) {
        model.do({ what: "put", length: 5, priority: round & 1, owner });
        model.do({ what: "put", length: 5, priority: 9, owner });
        model.do({ what: "take", owner });
        model.do({ what: "take", owner });
        if (model.taken.length > 3) model.do({ what: "give back", which: round });
        model.do({ what: "finish", which: 0 });
        if (round % 3 === 0) model.do({ what: "finish", which: round });
        if (round % 16 === 15) model.do({ what: "repair" });
        model.compare();
        // as if 2^28 items had been put and taken meanwhile
        const order = (memory.head("lastOrder") >>> 0) + (discipline === "lifo" ? -(2 ** 28) : 2 ** 28);
        memory.setHead("lastOrder", order | 0);
        if (discipline === "priority" && order >= 2 ** 32)
          memory.setHead("lastOrderHigh", memory.head("lastOrderHigh") + 1);
      }
      assert.ok(model.line.length > 0);
    });

  test("[case 63] items in blocks far from each other are whole", () => {
    const memory = new ItemMemory("fifo", 16);
    const model = new ItemModel(memory, memory.store());
    for (let i = 0; i < 16; i++) model.do({ what: "put", length: 100, priority: 0, owner: 1 });
    for (let i = 0; i < 16; i++) model.do({ what: "take", owner: owners[i % 2] });
    for (let i = 0; i < 8; i++) model.do({ what: "finish", which: i });
    model.do({ what: "put", length: 8 * BLOCK, priority: 0, owner: 1 });
    model.compare();
    assert.equal(memory.head("free"), 0);
    assert.ok(memory.blocksOf(model.line[0].item).some((block, i, all) => i > 0 && block !== all[i - 1] + 1));
  });

  test("a stack gives back what a dead taker had in the order in which it would have come", () => {
    const memory = new ItemMemory("lifo", 16, 3);
    const model = new ItemModel(memory, memory.store());
    const [dead, living] = owners;
    const put = (): void => model.do({ what: "put", length: 10, priority: 0, owner: living });
    put();
    put();
    model.do({ what: "take", owner: dead });
    put();
    model.do({ what: "take", owner: dead });
    model.do({ what: "reclaim", owner: dead });
    model.compare();
    assert.deepEqual(
      model.line.map(({ number }) => number),
      [2, 1, 0],
    );
  });

  test("who has died loses what it was writing and gives back what it had taken, and nobody else does", () => {
    const memory = new ItemMemory("fifo", 32);
    const model = new ItemModel(memory, memory.store());
    const [dead, living] = owners;
    for (let i = 0; i < 6; i++) model.do({ what: "put", length: 200, priority: 0, owner: living });
    for (const owner of [dead, living, dead, dead]) model.do({ what: "take", owner });
    model.do({ what: "begin", length: 700, priority: 0, owner: dead });
    model.do({ what: "begin", length: 300, priority: 0, owner: living });
    assert.deepEqual([...memory.store().owners()].sort(), [dead, living, dead, dead, dead, living].sort());
    model.do({ what: "reclaim", owner: dead });
    model.compare();
    assert.deepEqual(
      model.line.map(({ number, deliveries }) => [number, deliveries]),
      [
        [0, 1],
        [2, 1],
        [3, 1],
        [4, 0],
        [5, 0],
      ],
    );
    assert.deepEqual([model.taken.length, model.writing.length], [1, 1]);
    model.do({ what: "reclaim", owner: 77 });
    model.compare();
  });
});

describe("an item store whose words were written over", () => {
  const damages: [what: string, damage: (memory: ItemMemory) => void][] = [
    ["first is beyond the blocks", (memory) => memory.setHead("first", 1000)],
    ["first is negative", (memory) => memory.setHead("first", -5)],
    ["first is no ready item", (memory) => memory.setHead("first", 20)],
    ["a length is beyond the memory", (memory) => memory.setRow(memory.line[0], "length", 2 ** 30)],
    ["a length is negative", (memory) => memory.setRow(memory.line[0], "length", -1)],
    ["a chain leads outside", (memory) => memory.setNext(memory.line[0], 999)],
    ["a chain leads to the block behind the last", (memory) => memory.setNext(15, 17)],
    ["a chain ends too early", (memory) => memory.setNext(memory.line[0], LAST)],
    ["the line goes round in circles", (memory) => memory.setRow(memory.line[1], "link", memory.line[0] + 1)],
    ["the line leads outside", (memory) => memory.setRow(memory.line[0], "link", 4000)],
  ];
  for (const [what, damage] of damages)
    for (const use of ["taking", "dropping", "repairing"] as const)
      test(`${what}: ${use} ends, with a ProtocolError if at all`, () => {
        const memory = new ItemMemory("fifo", 16, 0, 12);
        const store = memory.store();
        for (let i = 0; i < 4; i++) store.put(contentOf(i, 500), 0, 400 + i * 30, 0, 0);
        damage(memory);
        const target = new Uint8Array(4096);
        try {
          if (use === "dropping") store.dropReady((item) => store.read(item, target, 0));
          else if (use === "repairing") store.repair();
          else
            for (let item = store.take(1), n = 0; item >= 0; item = store.take(1)) {
              assert.ok(n++ < 20, "it ends");
              store.read(item, target, 0);
              store.finish(item);
            }
        } catch (error) {
          assert.ok(error instanceof ProtocolError, `${error}`);
        }
      });

  test("a free count that is too high is found by whoever wants the blocks", () => {
    const memory = new ItemMemory("fifo", 4);
    memory.setHead("free", 100);
    assert.throws(() => memory.store().put(new Uint8Array(BLOCK * 5), 0, BLOCK * 5, 0, 0), ProtocolError);
    const other = new ItemMemory("priority", 8);
    const store = other.store();
    for (const [i, priority] of [1, 1, 5].entries()) store.put(contentOf(i, 3), 0, 3, 0, priority);
    other.setRow(1, "link", 4000);
    assert.throws(() => store.put(contentOf(4, 3), 0, 3, 0, 2), ProtocolError);
    other.setRow(5, "state", 9);
    assert.throws(() => store.repair(), ProtocolError);
  });
});
