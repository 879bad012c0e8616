import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { before, describe, test } from "node:test";
import * as interproc from "interproc";
import * as opentelemetry from "interproc/opentelemetry";
import { projectRoot } from "../project-root.js";
import { read } from "../source-tree.js";
import { publicExports } from "./public-exports.js";

const html = join(projectRoot, "site/build/html");

/** What a program can import from, the source of it, and what it exports at run time where Node can load it. */
const entries = [
  { name: "interproc", source: "src/index.ts", exported: Object.keys(interproc) },
  { name: "interproc/browser", source: "src/browser/index.ts", exported: [] },
  { name: "interproc/opentelemetry", source: "src/opentelemetry/index.ts", exported: Object.keys(opentelemetry) },
];

/** The page of an export of an entry: its own, or that of the entry that has it too. */
function pageOf(entry: string, name: string): string | undefined {
  const [, section = ""] = readFileSync(join(html, "api/index.html"), "utf8").split(`id="${entry.replace("/", "")}"`);
  const [own] = section.split(/<h2\b/);
  const links = [...own.matchAll(/<a href="([^"#]+)"><code>([^<]+)<\/code><\/a>/g)];
  const href = links.find(([, , text]) => text === name)?.[1];
  return href && join(html, "api", `${href.replace(/^\.\//, "").replace(/\.html$/, "")}.html`);
}

/** From which entries an export is, as the badges beside its heading say. */
function originsOf(file: string): string[] {
  const [, heading = ""] = /<h1\b[^>]*>([\s\S]*?)<a class="header-anchor"/.exec(readFileSync(file, "utf8")) ?? [];
  return [...heading.matchAll(/"VPBadge tip">(?:<!--\[-->)?([^<]+)/g)].map(([, entry]) => entry);
}

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

  test("the reference is of every entry in package.json that has declarations", () => {
    const { exports } = JSON.parse(read("package.json")) as { exports: Record<string, string | { types: string }> };
    const declared = Object.entries(exports).filter(([, target]) => typeof target === "object");
    assert.deepEqual(
      declared.map(([path]) => posix.join("interproc", path)),
      entries.map(({ name }) => name),
    );
  });

  for (const { name: entry, source, exported } of entries)
    test(`every export of ${entry} has a page by the index, which says what the docstring says and where it is from`, () => {
      const exports = publicExports(source);
      const names = new Set(exports.map(({ name }) => name));
      assert.deepEqual(
        exported.filter((name) => !names.has(name)),
        [],
        `exports that the reader of ${source} did not find`,
      );
      const missing = exports.flatMap(({ name, says }) => {
        const file = pageOf(entry, name);
        if (file === undefined) return [`${name} is not in the index`];
        if (!existsSync(file)) return [`${name} has no page`];
        if (says === undefined) return [`${name} has no docstring`];
        const words = says.replace(/[`\\]/g, "");
        if (!textOf(file).replace(/[`\\]/g, "").includes(words)) return [`the page of ${name} lacks: ${words}`];
        return originsOf(file).includes(entry) ? [] : [`the page of ${name} does not say that ${entry} has it`];
      });
      assert.deepEqual(missing, []);
      assert.ok(exports.length > 0);
    });

  test("what the docstrings say of errors and examples is there, and nothing that is internal", () => {
    const queue = textOf(join(html, "api/interproc/classes/Queue.html"));
    for (const words of ["Throws TimeoutError", "Example", "putMany"]) assert.ok(queue.includes(words), words);
    const dict = textOf(join(html, "api/interproc/type-aliases/ManagedDict.html"));
    assert.match(dict, /Methods.*Each gives a promise.*compareAndSet\(\).*update\(\)/);
    assert.doesNotMatch(textOf(join(html, "api/interproc/classes/MappedFile.html")), /handed over|take\(\)/);
    const pages = readdirSync(join(html, "api"), { recursive: true, encoding: "utf8" });
    const internal = pages
      .filter((page) => page.endsWith(".html"))
      .filter((page) => /\[(HANDLE|READY)\]|__namedParameters/.test(textOf(join(html, "api", page))));
    assert.deepEqual(internal, []);
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
