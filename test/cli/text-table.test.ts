import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textTable } from "#src/cli/text-table.js";

describe("a table of text", { timeout: 60_000 }, () => {
  const heading = ["NAME", "COUNT", "OWNER"];
  const rows = [
    ["a-very-long-name-of-an-object", "1", "somebody-with-a-long-name"],
    ["short", "1,000", "-"],
  ];

  test("smoke: columns are as wide as their widest cells, numbers stand on the right", () => {
    assert.deepEqual(textTable(heading, rows, new Set([1])), [
      "NAME                           COUNT  OWNER",
      "a-very-long-name-of-an-object      1  somebody-with-a-long-name",
      "short                          1,000  -",
    ]);
  });

  test("where it is to fit, the widest of the columns that may lose their middles, and the others stay whole", () => {
    const lines = textTable(heading, rows, new Set([1]), { width: 45, shorten: [0, 2] });
    assert.deepEqual(lines, [
      "NAME                COUNT  OWNER",
      "a-very-long-…bject      1  somebody-wit…-name",
      "short               1,000  -",
    ]);
  });

  test("a table that fits stays as it is, and what cannot be shortened enough is cut off", () => {
    assert.deepEqual(
      textTable(heading, rows, new Set([1]), { width: 80, shorten: [0] }),
      textTable(heading, rows, new Set([1])),
    );
    const lines = textTable(heading, rows, new Set([1]), { width: 20, shorten: [0, 2] });
    assert.deepEqual(
      lines.map((line) => line.length <= 20),
      [true, true, true],
    );
    assert.ok(lines[1].startsWith("a-very…ect  "));
  });
});
