import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { hashOf, WordTable } from "#src/cli/demo/word-table.js";

const numRuns = process.env.INTERPROC_TEST === "fast" ? 200 : 2_000;

function tableOf(words: readonly string[]): WordTable {
  const table = new WordTable();
  for (const word of words) add(table, word);
  return table;
}

function add(table: WordTable, word: string): void {
  const bytes = Buffer.from(word);
  table.add(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length), 1);
}

function countsOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

describe("WordTable", () => {
  test("smoke: counts words", () => {
    const table = tableOf(["b", "a", "b"]);
    assert.deepEqual([table.size, table.countOf("a"), table.countOf("b"), table.countOf("c")], [2, 1, 2, 0]);
  });

  test("it is a map from words to counts, also through pack and merge, and after clear", () => {
    const words = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }), { maxLength: 300 });
    const used = tableOf(["left", "over"]);
    fc.assert(
      fc.property(words, words, (first, second) => {
        used.clear();
        for (const word of first) add(used, word);
        used.merge(tableOf(second).pack());
        const counts = countsOf([...first, ...second]);
        assert.equal(used.size, counts.size);
        for (const [word, count] of counts) assert.equal(used.countOf(word), count);
      }),
      { numRuns },
    );
  });

  test("it grows to many words", () => {
    const words = Array.from({ length: 50_000 }, (_, i) => `word ${i % 30_000}`);
    const table = tableOf(words);
    assert.equal(table.size, 30_000);
    assert.deepEqual([table.countOf("word 0"), table.countOf("word 29999")], [2, 1]);
  });

  test("top gives the most frequent, equal ones in the order of their bytes", () => {
    const words = fc.array(fc.constantFrom("a", "b", "c", "d", "é", "ab", "Z"), { maxLength: 40 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 9 }), (given, most) => {
        const sorted = [...countsOf(given)].sort(
          ([a, x], [b, y]) => y - x || Buffer.compare(Buffer.from(a), Buffer.from(b)),
        );
        assert.deepEqual(
          tableOf(given).top(most),
          sorted.slice(0, most).map(([word, count]) => ({ word, count })),
        );
      }),
      { numRuns },
    );
  });

  test("difference names a word that two tables count differently", () => {
    assert.equal(tableOf(["a", "b"]).difference(tableOf(["b", "a"])), undefined);
    assert.equal(tableOf(["a", "b"]).difference(tableOf(["b", "a", "a"])), "a");
    assert.equal(tableOf(["a"]).difference(tableOf(["a", "c"])), "c");
    assert.equal(tableOf(["a", "c"]).difference(tableOf(["a"])), "c");
  });
});
