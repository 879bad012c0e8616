import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { read } from "../source-tree.js";
import { benchRun } from "./bench/bench-run.js";

const WATCHDOG = { timeout: 350_000 };

describe("what interproc bench is asked, and in which form it answers", WATCHDOG, () => {
  test("--json gives the fields that the guide tells of, and no others", async () => {
    const { code, stdout } = await benchRun([
      "--only",
      "pipe,udp",
      "--json",
      "--seconds",
      "0.05",
      "--sizes",
      "64,100k",
    ]);
    assert.equal(code, 0, stdout);
    const [, section] = read("docs/guide/choosing.md").split("## The JSON document");
    const paths = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, path]) => path);
    const always = paths.filter((path) => !OPTIONAL.has(path));
    const found = fieldsOf(JSON.parse(stdout));
    assert.deepEqual([...found].filter((path) => !paths.includes(path)).sort(), [], "fields that are not told");
    assert.deepEqual(always.filter((path) => !found.has(path)).sort(), [], "fields that are not there");
    assert.equal(JSON.parse(stdout).version, 1);
  });

  test("--report writes a page with the figures", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-report-"));
    const file = join(folder, "report.html");
    const { code, stdout } = await benchRun([
      "--only",
      "pipe,tcp",
      ...["--seconds", "0.05", "--sizes", "64"],
      "--report",
      file,
    ]);
    assert.equal(code, 0, stdout);
    assert.ok(stdout.trimEnd().endsWith(`charts: ${file}`));
    const page = readFileSync(file, "utf8");
    assert.deepEqual([page.match(/<svg/g)?.length, page.match(/class="label"[^>]*>TCP</g)?.length], [2, 2]);
    rmSync(folder, { recursive: true });
  });

  const file = join(tmpdir(), "no-such-folder-of-bench", "report.html");
  const wrong: [what: string, args: string[], says: RegExp, code: number][] = [
    ["a mechanism that there is not", ["--only", "pipe,pigeon"], /"pigeon"; allowed: pipe, pipe-sync, queue,/, 2],
    ["a length that is none", ["--sizes", "64,big"], /--sizes is "big"; allowed: 16 to 64m bytes/, 2],
    ["a length that is too short", ["--sizes", "8"], /--sizes is "8"/, 2],
    ["no time", ["--seconds", "0"], /'0' is invalid. Allowed: 0.05 to 60 seconds/, 2],
    [
      "a need that there is not",
      ["--for", "cheap"],
      /"cheap" is no need; allowed: size=16k, latency=100us, durable/,
      2,
    ],
    ["a latency without its unit", ["--for", "latency=5"], /latency is "5"; allowed: a time such as/, 2],
    ["two reaches", ["--for", "remote,browser"], /remote and browser; allowed: one of them/, 2],
    ["a broker that there is not", ["--brokers", "kafka://h"], /allowed: amqp:\/\/, .*redis/, 2],
    ["a broker's url with a queue", ["--brokers", "redis://:pw@h/jobs"], /the url of h names a queue/, 2],
    ["a report that cannot be written", ["--report", file], /cannot be written: ENOENT/, 1],
    ["a report that is a folder", ["--report", tmpdir()], /is a folder/, 2],
    ["a folder that is not there", ["--folder", file], /nothing can be made in .*: ENOENT/, 2],
  ];
  for (const [what, args, says, exitCode] of wrong)
    test(`${what} is told on stderr before anything is measured, exit code ${exitCode}`, async () => {
      const { code, stdout, stderr } = await benchRun(args);
      assert.deepEqual([code, stdout], [exitCode, ""]);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /^\s+at |:pw@/m);
    });
});

/** What is not in every document. */
const OPTIONAL = new Set([
  "cells[].problem",
  "mechanisms[].mostBytes",
  "skipped[].bytes",
  "warnings[]",
  "recommendations[].needs.latencyMicros",
]);

/** `machine.cpu`, `cells[].roundTrip.slices[]`: the paths of all values in a document. */
function fieldsOf(value: unknown, path = ""): Set<string> {
  if (Array.isArray(value)) {
    if (value.length === 0) return new Set();
    return new Set(value.flatMap((one) => [...fieldsOf(one, `${path}[]`)]));
  }
  if (typeof value !== "object" || value === null) return new Set([path]);
  return new Set(
    Object.entries(value).flatMap(([key, one]) => [...fieldsOf(one, path === "" ? key : `${path}.${key}`)]),
  );
}
