import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Semaphore, UsageError } from "interproc";
import { countFile } from "#src/cli/demo/count-file.js";
import { countWords } from "#src/cli/demo/count-words.js";
import { lengthsOf, newTally, tallyIndex } from "#src/cli/demo/tally.js";
import { WordTable } from "#src/cli/demo/word-table.js";
import { TextFolder } from "../text-folder.js";

const numRuns = process.env.INTERPROC_TEST === "fast" ? 500 : 5_000;

/** The same by a regular expression: slower, and plainly right. */
function expected(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/\p{L}[\p{L}\p{M}]*/gu))
    counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1);
  return counts;
}

function assertCounts(words: WordTable, text: string): void {
  const counts = expected(text);
  assert.equal(words.size, counts.size);
  for (const [word, count] of counts) assert.equal(words.countOf(word), count, word);
}

function count(bytes: Uint8Array): { words: WordTable; lengths: number[]; total: number } {
  const words = new WordTable();
  const tally = newTally();
  const buffer = Buffer.alloc(bytes.length + 1);
  buffer.set(bytes);
  countWords(buffer, 0, bytes.length, words, tally);
  return { words, lengths: lengthsOf(tally), total: tally[tallyIndex.words] };
}

describe("counting words", () => {
  test("smoke: a word is a run of letters, whatever their case", () => {
    const { words, total, lengths } = count(Buffer.from("To be, or not2be; TO-DO _x\n"));
    assert.deepEqual(words.top(4), [
      { word: "be", count: 2 },
      { word: "to", count: 2 },
      { word: "do", count: 1 },
      { word: "not", count: 1 },
    ]);
    assert.equal(total, 8);
    assert.deepEqual(lengths.slice(0, 4), [1, 6, 1, 0]);
  });

  test("letters of all scripts count, marks belong to their letter, and other signs separate", () => {
    const text = "ÀÉÎ àéî Ärger—ärger “Ωμέγα” привет你好 e\u0301te\u0301 ☃️ 𝒳𝒴 ﷽ x😀y";
    const { words, lengths } = count(Buffer.from(text));
    assertCounts(words, text);
    assert.equal(words.countOf("e\u0301te\u0301"), 1);
    assert.deepEqual([lengths[7], words.countOf("привет你好")], [1, 1]);
  });

  test("any text is counted as a regular expression counts it", () => {
    const letters = fc.constantFrom("a", "B", "é", "Ж", "\u0301", "𝒳", " ", "-", "—", "😀", "1", "\u00a0");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(letters, { maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (given) => assertCounts(count(Buffer.from(given)).words, given)),
      { numRuns },
    );
  });

  test("bytes that are no UTF-8 separate words and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const { words, total } = count(bytes);
        // a decoder may make fewer replacement signs than there are wrong bytes; both separate
        const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
        assertCounts(words, text);
        assert.equal(
          total,
          [...expected(text).values()].reduce((a, b) => a + b, 0),
        );
      }),
      { numRuns },
    );
  });

  test("a file longer than the buffer is counted as a whole, also where a chunk ends within a word or a character", () => {
    using folder = new TextFolder();
    const sentence = "Über sieben Brücken müßt’ ich gehn, siebenmal 你好 die Asche sein ";
    for (const shift of [0, 1, 2, 3]) {
      const text = "x".repeat(shift) + sentence.repeat(40_000);
      folder.write("long.txt", text);
      const words = new WordTable();
      const tally = newTally();
      const version = countFile(join(folder.path, "long.txt"), words, tally);
      assertCounts(words, text);
      assert.equal(tally[tallyIndex.bytes], Buffer.byteLength(text));
      assert.equal(version.bytes, Buffer.byteLength(text));
    }
  });

  test("one word of three megabytes is cut, not kept in memory for ever", () => {
    using folder = new TextFolder({ "word.txt": "z".repeat(3 * 2 ** 20) });
    const words = new WordTable();
    const tally = newTally();
    countFile(join(folder.path, "word.txt"), words, tally);
    assert.deepEqual([tally[tallyIndex.words], words.size, lengthsOf(tally).at(-1)], [3, 1, 3]);
  });

  test("a file is opened under a permit, which is given back also when it cannot be opened", () => {
    using folder = new TextFolder({ "text.txt": "some words" });
    using openFiles = new Semaphore(1);
    const count = (name: string) => countFile(join(folder.path, name), new WordTable(), newTally(), openFiles);
    assert.equal(count("text.txt").bytes, 10);
    assert.throws(() => count("missing.txt"), { code: "ENOENT" });
    assert.equal(openFiles.value, 1);
    using permit = openFiles.acquireSync();
    // who waits for a permit that only this thread could give back is told so
    assert.throws(() => count("missing.txt"), UsageError);
    assert.equal(permit.isHeld, true);
  });
});
