import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { SharedMap } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { watchdog } from "../../contract/connection-kind.js";

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
});
