import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { attach, Lock, pipe, Queue, SharedMap, SharedValue, share, spawn } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { watchdog } from "../../contract/connection-kind.js";
import { counting, setting } from "../../programs/mapping.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";

after(() => sweep());

describe("a shared map", watchdog, () => {
  test("smoke: keeps, replaces, adds, deletes and iterates", () => {
    using map = new SharedMap<string | number, unknown>({ capacity: 8192 });
    map.set("a", { x: 1 }).set(1, "number").set("1", "string").set("a", { x: 2 });
    assert.deepEqual(
      [map.get("a"), map.get(1), map.get("1"), map.get("b"), map.size],
      [{ x: 2 }, "number", "string", undefined, 3],
    );
    assert.deepEqual([map.add("n"), map.add("n", 5), map.get("n")], [0, 1, 6]);
    assert.equal(
      map.update("n", (old) => (old as number) * 2),
      12,
    );
    assert.deepEqual([map.getOrInsert("n", 1), map.getOrInsert("ŵ", 2)], [12, 2]);
    assert.deepEqual(new Set(map.keys()), new Set(["a", 1, "1", "n", "ŵ"]));
    assert.deepEqual([map.delete("a"), map.delete("a"), map.has("a")], [true, false, false]);
    map.clear();
    assert.equal(map.size, 0);
  });

  test("the least recently used entry makes room", () => {
    using map = new SharedMap<number, number>({ maxEntries: 3 });
    for (const key of [1, 2, 3]) map.set(key, key);
    map.get(1);
    map.set(4, 4);
    assert.deepEqual([map.has(1), map.has(2), map.has(3), map.has(4)], [true, false, true, true]);
  });

  test("without eviction a full map says so, and loses nothing", () => {
    using map = new SharedMap<number, number>({ maxEntries: 2, eviction: "none" });
    map.set(1, 1).set(2, 2);
    assert.throws(() => map.set(3, 3), { code: "ERR_INTERPROC_SYSTEM", errno: "ENOSPC" });
    map.set(1, 4);
    assert.deepEqual([map.get(1), map.get(2), map.get(3)], [4, 2, undefined]);
  });

  test("values of every kind come back as copies", () => {
    using map = new SharedMap<string, unknown>();
    const values = [
      undefined,
      null,
      -0,
      1n << 70n,
      "ŵ",
      new Date(5),
      new Map([[1, { a: [1] }]]),
      new Float64Array([1, 2]),
      /x/g,
    ];
    for (const [n, value] of values.entries()) {
      map.set(`k${n}`, value);
      assert.deepEqual(map.get(`k${n}`), value);
      assert.ok(map.has(`k${n}`));
    }
    const bytes = new Uint8Array([1, 2, 3]);
    map.set("bytes", bytes);
    bytes[0] = 9;
    assert.deepEqual(map.get("bytes"), new Uint8Array([1, 2, 3]));
    const large = "y".repeat(1_000_000);
    assert.equal(map.set("large", large).get("large"), large);
  });

  test("what cannot be kept is refused, and nothing is changed", () => {
    using map = new SharedMap<string, unknown>({ capacity: 64 * 1024 });
    map.set("a", 1);
    assert.throws(() => map.set("a", () => 1), { code: "ERR_INTERPROC_CODEC" });
    using lock = new Lock();
    assert.throws(() => map.set("a", { lock }), { code: "ERR_INTERPROC_CODEC" });
    assert.throws(() => map.set("a", "x".repeat(40_000)), {
      code: "ERR_INTERPROC_USAGE",
      message: /half of the map's capacity/,
    });
    assert.throws(() => map.set("k".repeat(5000), 1), { code: "ERR_INTERPROC_USAGE", message: /allowed: 4096 bytes/ });
    assert.throws(() => map.get(Number.NaN as never), { code: "ERR_INTERPROC_USAGE" });
    assert.throws(() => map.set("a", 1, { ttl: 0 }), { code: "ERR_INTERPROC_USAGE" });
    map.set("text", "t");
    assert.throws(() => map.add("text"), { code: "ERR_INTERPROC_USAGE", message: /number to a string/ });
    assert.throws(
      () =>
        map.update("a", () => {
          throw new RangeError("mine");
        }),
      RangeError,
    );
    assert.deepEqual([map.get("a"), map.get("text"), map.size], [1, "t", 2]);
    for (const options of [{ capacity: 100 }, { maxEntries: 0 }, { eviction: "fifo" }, { ttl: -1 }])
      assert.throws(() => new SharedMap(options as never), { code: "ERR_INTERPROC_USAGE" });
  });

  test("an entry whose time is over is absent, for everybody at once, and goes", (t) => {
    const clock = t.mock.method(performance, "now");
    let now = 1e6;
    clock.mock.mockImplementation(() => now);
    using map = new SharedMap<string, number>({ ttl: 1000 });
    map.set("default", 1).set("short", 2, { ttl: 10 }).set("ever", 3, { ttl: Number.POSITIVE_INFINITY });
    map.add("counter", 5, { ttl: 100 });
    now += 11;
    assert.deepEqual(
      [map.get("default"), map.get("short"), map.has("short"), map.get("ever")],
      [1, undefined, false, 3],
    );
    assert.deepEqual([...map.keys()].sort(), ["counter", "default", "ever"]);
    assert.equal(map.add("short", 7), 0, "it begins anew");
    map.add("counter", 5); // keeps its time
    now += 90;
    assert.deepEqual([map.get("counter"), map.get("short")], [undefined, 7]);
    assert.equal(map.getOrInsert("counter", 9), 9);
    now += 2000;
    assert.equal(map.size, 1);
    assert.equal(map.stats.expired, 3);
  });

  test("bigints are added as bigints, and numbers may be negative and broken", () => {
    using map = new SharedMap<string, number | bigint>();
    assert.equal(map.add("big", 1n << 80n), 0n);
    assert.equal(map.add("big", 1n), 1n << 80n);
    assert.throws(() => map.add("big", 1), { code: "ERR_INTERPROC_USAGE" });
    map.add("n", 0.5);
    map.add("n", -2);
    assert.equal(map.get("n"), -1.5);
  });

  test("named maps are opened by name, mismatches are told, and persist keeps them", () => {
    const first = SharedMap.create<string, number>("map-a", { persist: true });
    first.set("x", 1).close();
    assert.throws(() => first.get("x"), { code: "ERR_INTERPROC_CLOSED" });
    using again = SharedMap.open<string, number>("map-a");
    assert.equal(again.get("x"), 1);
    assert.throws(() => SharedMap.create("map-a"), { code: "ERR_INTERPROC_EXISTS" });
    assert.throws(() => Queue.open("map-a"), { code: "ERR_INTERPROC_MISMATCH" });
    using value = SharedValue.create("map-b", "i32", 0);
    assert.throws(() => SharedMap.open(value.name), { code: "ERR_INTERPROC_MISMATCH" });
    again.unlink();
    assert.throws(() => SharedMap.open("map-a"), { code: "ERR_INTERPROC_NOT_FOUND" });
  });

  test("a map in a message is the same map", () => {
    using map = new SharedMap<string, number>();
    using queue = new Queue<{ map: SharedMap<string, number> }>();
    queue.tryPut({ map });
    const { map: other } = queue.tryGet() as { map: SharedMap<string, number> };
    other.set("a", 1);
    assert.equal(map.get("a"), 1);
    other.close();
  });

  test("a worker thread has the same map by a shared string", async () => {
    using map = new SharedMap<string, number>();
    const code = `import("interproc").then(({ attach }) => { const map = attach(require("node:worker_threads").workerData); map.add("n", 3); map.close(); })`;
    const worker = new Worker(code, { eval: true, workerData: share(map) });
    await new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    assert.equal(map.get("n"), 3);
    assert.equal(typeof attach, "function");
  });

  test("several processes count exactly, and agree on who was first", async () => {
    using map = new SharedMap<string, unknown>();
    const children = [1, 2, 3].map(() => spawn(counting, [map, 20_000]));
    const firsts = await Promise.all(children.map((child) => child.result()));
    assert.equal(map.get("count"), 60_000);
    assert.deepEqual(new Set(firsts), new Set([map.get("first")]));
    assert.deepEqual(new Set(map.get("who") as number[]), new Set(children.map(({ pid }) => pid)));
  });

  test("processes that are killed while they set leave whole values, all that they had told of, and a map in order", async () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    for (let round = 0; round < 12; round++) {
      using map = new SharedMap<number, { n: number; text: string; again: number }>({ capacity: 64 * 1024 });
      const [mine, theirs] = pipe<never, number>({ duplex: false });
      const child = spawn(setting, [map, theirs]);
      let told = await mine.recv();
      const stop = 1 + random.below(40);
      for (let n = 0; n < stop; n++) {
        told = mine.tryRecv() ?? told;
        for (const [key, { n: made, text, again }] of map)
          assert.ok(made === again && made % 50 === key && text.length === made % 400, `seed ${seed}: a torn value`);
      }
      child.kill();
      await child.join();
      const seen = [...map.values()].map(({ n }) => n);
      assert.ok(Math.max(...seen) >= told, `seed ${seed}: ${told} was told, ${Math.max(...seen)} is there`);
      map.clear();
      map.set(1, { n: 1, text: "", again: 1 });
      assert.deepEqual([map.size, map.stats.entries], [1, 1]);
      mine.close();
    }
  });
});
