import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { spareMemory } from "#src/memory/spare-memory.js";

const MIB = 1024 * 1024;

describe("memory that is used again", () => {
  test("smoke: what was given back serves the next that fits into it, and nobody twice", () => {
    const first = spareMemory.take(MIB + 10);
    assert.equal(first.length, MIB + 10);
    spareMemory.give(first);
    const again = spareMemory.take(MIB + 500);
    assert.equal(again.buffer, first.buffer);
    assert.equal(again.length, MIB + 500);
    const other = spareMemory.take(MIB + 500);
    assert.notEqual(other.buffer, first.buffer);
    spareMemory.give(again);
    assert.notEqual(spareMemory.take(3 * MIB).buffer, first.buffer);
  });

  test("short memory is made anew, and no more than 4 MiB are kept", () => {
    const short = spareMemory.take(1000);
    spareMemory.give(short);
    assert.notEqual(spareMemory.take(1000).buffer, short.buffer);
    const all = Array.from({ length: 12 }, () => spareMemory.take(MIB));
    for (const one of all) spareMemory.give(one);
    const buffers = new Set(all.map(({ buffer }) => buffer));
    const kept = all.map(() => spareMemory.take(MIB)).filter(({ buffer }) => buffers.has(buffer));
    assert.ok(kept.length >= 3 && kept.length <= 4, `${kept.length} were kept`);
  });
});
