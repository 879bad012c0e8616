import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { advise } from "#src/cli/bench/advise.js";
import { figureText } from "#src/cli/bench/figure-text.js";
import { reportPage } from "#src/cli/bench/report/report-page.js";
import { madeResults } from "./made-results.js";

/** Elements without an end. */
const VOID = new Set(["meta"]);

/** The elements of a page by name; fails where one is not closed, or a text has a bare & or <. */
function elementsOf(page: string): Map<string, number> {
  const counts = new Map<string, number>();
  const open: string[] = [];
  const rest = page.replace(/^<!doctype html>/, "").replace(/<style>[^<]*<\/style>/, "<style></style>");
  for (const [, close, name, isSelfClosed, text] of rest.matchAll(
    /<(\/?)([a-z][a-z0-9]*)(?:\s+[a-z-]+(?:="[^"<]*")?)*\s*(\/?)>([^<]*)/gi,
  )) {
    assert.doesNotMatch(text, /&(?!amp;|lt;|gt;|quot;|#39;)/);
    if (close) assert.equal(open.pop(), name);
    else counts.set(name, (counts.get(name) ?? 0) + 1);
    if (!close && !isSelfClosed && !VOID.has(name)) open.push(name);
  }
  assert.deepEqual(open, []);
  // everything that looks like a tag was read as one
  assert.equal(rest.split("<").length - 1, [...rest.matchAll(/<\/?[a-z][a-z0-9]*[^<]*>/gi)].length);
  return counts;
}

const page = (title?: string): string => {
  const results = madeResults(title);
  return reportPage(results, advise(results, [64, 1024], undefined));
};

describe("the report of interproc bench", () => {
  test("smoke: is well-formed, with two charts and a table for each length", () => {
    const elements = elementsOf(page());
    assert.deepEqual([elements.get("html"), elements.get("svg"), elements.get("figure")], [1, 4, 4]);
    assert.equal(elements.get("table"), 1 + 2 + 1); // recommendations, two lengths, one number
    assert.equal(elements.get("caption"), elements.get("table"));
  });

  test("loads nothing and runs nothing: its policy allows its own style and that only", () => {
    const text = page();
    const [, style] = /<style>([^<]*)<\/style>/.exec(text) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    assert.ok(text.includes(`content="default-src 'none'; style-src 'sha256-${hash}';`));
    assert.doesNotMatch(text, /<script|\bstyle="|\bsrc=|\bhref=|url\(|@import|https?:/i);
  });

  test("follows the reader's light or dark theme", () => {
    assert.match(page(), /color-scheme: light dark[\s\S]*@media \(prefers-color-scheme: dark\)/);
  });

  test("is readable without seeing: charts have a title and a text, tables captions and headings", () => {
    const text = page();
    const ids = [...text.matchAll(/<svg [^>]*role="img" aria-labelledby="([^"]+)"/g)].flatMap(([, both]) =>
      both.split(" "),
    );
    assert.equal(ids.length, 8);
    assert.equal(new Set(ids).size, 8, "each chart has ids of its own");
    for (const id of ids) assert.match(text, new RegExp(`<(title|desc) id="${id}">[^<]+`));
    assert.ok(!/<th(?![^>]*scope=)[ >]/.test(text), "each heading says what it heads");
  });

  test("bars stand in order, the best first, and are as long as their logarithm", () => {
    const [chart] = page().match(/<svg[\s\S]*?<\/svg>/) ?? [""];
    const labels = [...chart.matchAll(/class="label"[^>]*>([^<]+)/g)].map(([, label]) => label);
    assert.deepEqual(labels, ["pipe", "unix socket", "TCP"]);
    const widths = [...chart.matchAll(/<rect class="bar"[^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    // 1, 10 and 100 microseconds: each is as much longer than the one before
    assert.ok(Math.abs(widths[2] - widths[1] - (widths[1] - widths[0])) < 1, widths.join());
    assert.ok(widths[0] < widths[1]);
  });

  test("what has markup in it is text", () => {
    const text = page(`<img src=x onerror="x()">&'`);
    assert.equal(elementsOf(text).get("img"), undefined);
    assert.ok(text.includes("&lt;img src=x onerror=&quot;x()&quot;&gt;&amp;&#39;"));
  });

  test("failures, what was skipped and warnings are told in it", () => {
    const text = page();
    for (const told of ["it broke &amp; ended", "there is no python3", "the machine was busy"])
      assert.ok(text.includes(told), told);
  });

  test("figures are told with three digits and their unit", () => {
    const { micros, rate, throughput, bytes } = figureText;
    assert.deepEqual([0.0123, 0.5, 2.345, 42.42, 999.4, 1234, 12_345, 99_999, 2.5e6].map(micros), [
      "12.3 ns",
      "500 ns",
      "2.35 µs",
      "42.4 µs",
      "999 µs",
      "1.23 ms",
      "12.3 ms",
      "100 ms",
      "2.50 s",
    ]);
    assert.deepEqual([0.5, 12, 999.6, 12_345, 5e6, 2.5e9].map(rate), [
      "0.50/s",
      "12.0/s",
      "1.00 k/s",
      "12.3 k/s",
      "5.00 M/s",
      "2.50 G/s",
    ]);
    assert.deepEqual([500, 76_800, 1.5e9].map(throughput), ["500 B/s", "76.8 kB/s", "1.50 GB/s"]);
    assert.deepEqual([64, 1000, 1024, 16_384, 2 ** 20, 1.5 * 2 ** 20].map(bytes), [
      "64 B",
      "1000 B",
      "1 KiB",
      "16 KiB",
      "1 MiB",
      "1536 KiB",
    ]);
  });
});
