import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mapEntry } from "#src/rings/map-store.layout.js";
import { AccessGate, Killed } from "./access-gate.js";
import { inContext } from "./in-context.js";
import { contentOf, key, look, MapMemory, put, remove, versionOf } from "./map-memory.js";
import { chooseSeed, SeededRandom } from "./seeded-random.js";

const starts = [
  { title: "fresh", start: {} },
  { title: "just before 2^31", start: { version: 2 ** 31 - 9, clock: 2 ** 31 - 10, sequence: 2 ** 31 - 9 } },
  { title: "just before 2^32", start: { version: -9, clock: -10, sequence: -9 } },
] as const;
const names = ["a", "b", 1, 2, "é", "ŵŵ", "a longer key", 3.5, "c", "d"] as const;

/** A map with some entries, one of them of several blocks, and one that was removed. */
function furnished(start: (typeof starts)[number]["start"]): MapMemory {
  const memory = new MapMemory(12, start);
  const store = memory.store();
  for (const [version, name] of names.slice(0, 4).entries())
    put(store, name, contentOf(version, version === 1 ? 300 : 20));
  put(store, "gone", contentOf(77, 10));
  remove(store, "gone");
  return memory;
}

const changes = {
  "a new key": (store) => put(store, "new", contentOf(500, 200)),
  "a new value of a short one": (store) => put(store, "a", contentOf(500, 40)),
  "a new value of a long one": (store) => put(store, "b", contentOf(500, 310)),
  "a key goes": (store) => remove(store, "a"),
  "a long one that makes others go": (store) => put(store, "new", contentOf(500, 900)),
  "all go": (store) => {
    store.clear();
    return true;
  },
} satisfies Record<string, (store: ReturnType<MapMemory["store"]>) => boolean>;

describe("a map store", { timeout: 120_000 }, () => {
  test("smoke: what was put is found, replaced and removed", () => {
    const memory = new MapMemory(8);
    const store = memory.store();
    put(store, "a", contentOf(1, 5));
    put(store, 7, contentOf(2, 300));
    put(store, "a", contentOf(3, 9));
    const reader = memory.reader();
    assert.deepEqual(look(reader, "a"), contentOf(3, 9));
    assert.deepEqual(look(reader, 7), contentOf(2, 300));
    assert.equal(look(reader, "7"), undefined);
    remove(store, 7);
    assert.equal(look(reader, 7), undefined);
    assert.deepEqual([...memory.settled().keys()], ["a"]);
  });

  for (const { title, start } of starts)
    test(`[case 63] ${title}: 30,000 random changes and looks are those of a Map`, () => {
      const seed = chooseSeed();
      const random = new SeededRandom(seed);
      inContext(
        () => `seed ${seed}`,
        () => {
          const memory = new MapMemory(64, start);
          const store = memory.store();
          const reader = memory.reader();
          const model = new Map<string | number, number>();
          for (let version = 1; version <= 30_000; version++) {
            const name = random.pick(names);
            const draw = random.below(4);
            if (draw === 0) assert.equal(remove(store, name), model.delete(name));
            else if (draw === 1) {
              const evicted = store.evicted;
              const length = random.below(200);
              put(store, name, contentOf(version, length));
              assert.equal(store.evicted, evicted, "there is room for all");
              model.set(name, version);
            } else {
              const found = look(reader, name);
              assert.notEqual(found, "disturbed");
              assert.equal(found && versionOf(found as Uint8Array), model.get(name));
            }
          }
          assert.deepEqual(new Set(memory.settled().keys()), new Set(model.keys()));
        },
      );
    });

  for (const { title, start } of starts)
    for (const [change, make] of Object.entries(changes))
      test(`${title}, ${change}: killed before any access and repaired, each key has its old value or its new one`, (t) => {
        let kills = 0;
        for (let killAt = 1, isOver = false; !isOver; killAt++, kills++)
          inContext(
            () => `killed before access ${killAt}`,
            () => {
              const memory = furnished(start);
              const before = memory.settled();
              const gate = new AccessGate();
              gate.killAt = killAt;
              try {
                make(memory.store(gate));
                isOver = true;
              } catch (error) {
                if (!(error instanceof Killed)) throw error;
              }
              // readers go on before anybody repairs
              const reader = memory.reader();
              for (const name of [...before.keys(), "new"])
                assert.notEqual(look(reader, name), "disturbed", `${name} cannot be read`);
              // the repair is killed as well, half way, and begun again
              const again = new AccessGate();
              again.killAt = 1 + (killAt % 60);
              try {
                memory.store(again).repair();
              } catch (error) {
                if (!(error instanceof Killed)) throw error;
              }
              memory.store().repair();
              const after = memory.settled();
              for (const [name, value] of after) {
                const isNew = versionOf(value) === 500;
                assert.ok(
                  isNew || Buffer.compare(value, before.get(name) ?? Buffer.of()) === 0,
                  `${name} has another value`,
                );
                if (isNew) assert.deepEqual(value, contentOf(500, value.length - 4));
              }
              if (change.startsWith("a new"))
                for (const name of before.keys()) assert.ok(after.has(name), `${name} is lost`);
              // it is as good as new
              put(memory.store(), "afterwards", contentOf(9, 100));
              assert.deepEqual(look(memory.reader(), "afterwards"), contentOf(9, 100));
              memory.settled();
            },
          );
        t.diagnostic(`${kills} kills`);
      });

  for (const [change, make] of Object.entries(changes))
    test(`${change}, at any access of a reader: what it finds was there, whole`, () => {
      for (const name of [...names.slice(0, 4), "new", "absent"])
        for (let at = 1, isReached = true; isReached; at++)
          inContext(
            () => `key ${name}, at access ${at}`,
            () => {
              const memory = furnished({});
              const old = memory.settled().get(name);
              const gate = new AccessGate();
              const reader = memory.reader(gate);
              isReached = false;
              gate.interludeAt = at;
              gate.interlude = () => {
                isReached = true;
                make(memory.store());
                put(memory.store(), "stranger", contentOf(600, 150)); // rows and blocks are used again
              };
              const found = look(reader, name, 3);
              assert.notEqual(found, "disturbed");
              const now = memory.settled().get(name);
              const candidates = [old, now].map((one) => one && versionOf(one));
              assert.ok(candidates.includes(found && versionOf(found as Uint8Array)), "a value that never was there");
              if (found) assert.deepEqual(found, contentOf(versionOf(found as Uint8Array), found.length - 4));
            },
          );
    });

  for (const [change, make] of Object.entries(changes))
    test(`${change}, at any access of the writer: every key is found with its old value or its new one`, () => {
      for (let at = 1, isReached = true; isReached; at++)
        inContext(
          () => `at access ${at}`,
          () => {
            const memory = furnished({});
            const before = memory.settled();
            const gate = new AccessGate();
            isReached = false;
            gate.interludeAt = at;
            gate.interlude = () => {
              isReached = true;
              const reader = memory.reader();
              for (const [name, old] of before) {
                const found = look(reader, name, 3);
                assert.notEqual(found, "disturbed");
                if (found === undefined) assert.ok(!change.startsWith("a new"), `${name} is not found`);
                else if (versionOf(found as Uint8Array) !== 500) assert.deepEqual(found, new Uint8Array(old));
                else assert.deepEqual(found, contentOf(500, found.length - 4));
              }
            };
            make(memory.store(gate));
          },
        );
    });

  test("words that contradict each other lead to an error or a disturbed look, never outside and never round for ever", () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const runs = Number(process.env.INTERPROC_RUNS ?? (process.env.INTERPROC_TEST === "fast" ? 2000 : 20_000));
    inContext(
      () => `seed ${seed}`,
      () => {
        for (let run = 0; run < runs; run++) {
          const memory = furnished({});
          for (let faults = 1 + random.below(6); faults > 0; faults--)
            memory.control[random.below(memory.control.length)] = random.pick([
              random.word() | 0,
              random.below(20),
              -1,
              0,
            ]);
          const gate = new AccessGate();
          gate.most = 200_000;
          const reader = memory.reader(gate);
          for (const name of names) look(reader, name);
          for (let bucket = 0; bucket < 16; bucket++) reader.bucketOf(bucket);
          try {
            const store = memory.store(gate);
            put(store, "x", contentOf(1, random.below(300)));
            remove(store, "a");
            store.repair();
          } catch (error) {
            assert.equal((error as { code?: string }).code, "ERR_INTERPROC_PROTOCOL", String(error));
          }
        }
      },
    );
  });

  test("which entry was used least recently is known across 2^32", () => {
    const memory = new MapMemory(4, { clock: -4 });
    const store = memory.store();
    for (const name of ["a", "b", "c", "d"]) put(store, name, contentOf(1, 10));
    const reader = memory.reader();
    reader.touch(reader.look(key("a")));
    put(store, "e", contentOf(1, 10));
    assert.deepEqual([...memory.settled().keys()].sort(), ["a", "c", "d", "e"]);
    assert.notEqual(memory.control[memory.rows.at(0, mapEntry.word.used)], 0);
  });
});
