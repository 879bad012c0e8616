import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import * as interproc from "interproc";
import { projectRoot } from "../project-root.js";
import { publicExports } from "./public-exports.js";

const html = join(projectRoot, "site/build/html");
const kinds = ["functions", "classes", "interfaces", "type-aliases", "variables"];

/** What stands in a page, as a reader sees it. */
function textOf(file: string): string {
  const [, content = ""] = /<main[^>]*>([\s\S]*?)<\/main>/.exec(readFileSync(file, "utf8")) ?? [];
  const entities: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'" };
  return content
    .replace(/<[^>]+>/g, "")
    .replace(/&(?:lt|gt|amp|quot|#39);/g, (entity) => entities[entity])
    .replace(/\s+/g, " ");
}

describe("the documentation's site", { timeout: 840_000 }, () => {
  before(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/docs.mjs"], {
      cwd: projectRoot,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
  });

  test("smoke: it has a first page, a tutorial and a page for each guide", () => {
    for (const page of ["index", "tutorial", "overview", "errors", "reliability", "benchmarks", "decisions/index"])
      assert.ok(existsSync(join(html, `${page}.html`)), page);
    for (const file of readdirSync(join(projectRoot, "docs/guide")))
      assert.ok(existsSync(join(html, "guide", file.replace(/\.md$/, ".html"))), file);
  });

  test("the figures of the last benches are charts, with the whole tables below", () => {
    const page = readFileSync(join(html, "benchmarks.html"), "utf8");
    const charts = page.match(/<figure class="chart">[\s\S]*?<\/figure>/g) ?? [];
    assert.ok(charts.length > 10, `${charts.length} charts`);
    for (const chart of charts) assert.match(chart, /class="bar is-ours"[\s\S]*width:[\d.]+%/);
    assert.match(page, /<details>[\s\S]*one way, 64 B bytes/);
  });

  test("every public export has a page, and it says what the docstring says", () => {
    const exports = publicExports();
    const names = new Set(exports.map(({ name }) => name));
    assert.deepEqual(
      Object.keys(interproc).filter((name) => !names.has(name)),
      [],
      "exports that the reader of src/index.ts did not find",
    );
    const missing = exports.flatMap(({ name, says }) => {
      const file = kinds.map((kind) => join(html, "api", kind, `${name}.html`)).find(existsSync);
      if (file === undefined) return [`${name} has no page`];
      if (says === undefined) return [`${name} has no docstring`];
      const words = says.replace(/[`\\]/g, "");
      return textOf(file).replace(/[`\\]/g, "").includes(words) ? [] : [`the page of ${name} lacks: ${says}`];
    });
    assert.deepEqual(missing, []);
  });

  test("what the docstrings say of errors and examples is there, and nothing that is internal", () => {
    const queue = textOf(join(html, "api/classes/Queue.html"));
    for (const words of ["Throws TimeoutError", "Example", "putMany"]) assert.ok(queue.includes(words), words);
    for (const kind of kinds)
      for (const file of readdirSync(join(html, "api", kind)))
        assert.doesNotMatch(textOf(join(html, "api", kind, file)), /\[(HANDLE|READY)\]/, file);
  });

  test("a link to no page, or to no place in a page, is found", () => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-site-"));
    try {
      writeFileSync(
        join(folder, "index.html"),
        '<h1 id="top"></h1><a href="/other.html#here">to</a> <a href="#top">up</a>',
      );
      writeFileSync(
        join(folder, "other.html"),
        '<h2 id="here"></h2><a class="x" href="/">back</a><a href="https://x.org">out</a>',
      );
      const check = (): { status: number | null; stderr: string } =>
        spawnSync(process.execPath, ["site/check-links.mjs", folder], { cwd: projectRoot, encoding: "utf8" });
      assert.deepEqual([check().status, check().stderr], [0, ""]);
      writeFileSync(join(folder, "other.html"), '<a href="/no.html">a</a><a href="/index.html#nowhere">b</a>');
      const { status, stderr } = check();
      assert.equal(status, 1);
      const lines = stderr.trim().split("\n");
      assert.deepEqual(lines, [
        "dead link in index.html: /other.html#here",
        "dead link in other.html: /index.html#nowhere",
        "dead link in other.html: /no.html",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
