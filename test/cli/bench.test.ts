import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { BenchResults, Cell } from "#src/cli/bench/results.js";
import { read } from "../source-tree.js";
import { onTerminal, whyNoTerminal } from "./on-terminal.js";
import { OwnDirectory } from "./own-directory.js";
import { childrenOf, runCli, untilEnded } from "./run-cli.js";

const WATCHDOG = { timeout: 300_000 };
const QUICK = ["--seconds", "0.05", "--sizes", "64"];
const WITHOUT_SERVERS = [
  ...["pipe", "pipe-sync", "queue", "value", "shared-memory", "semaphore", "unix", "tcp", "udp", "websocket"],
  ...["http", "gateway", "child_process", "worker_threads", "file"],
];

/** Runs it with an own directory and an own folder for temporary files, both of which must be empty again. */
async function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}, onStart?: Parameters<typeof runCli>[2]) {
  using directory = new OwnDirectory();
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  const run = await runCli(["bench", ...args], { INTERPROC_DIR: directory.path, TMPDIR: folder, ...env }, onStart);
  assert.deepEqual([readdirSync(directory.path), readdirSync(folder)], [[], []], "nothing is left");
  rmSync(folder, { recursive: true });
  return run;
}

const resultsOf = (stdout: string) => JSON.parse(stdout) as BenchResults & { version: number };

function assertFigures({ mechanism, bytes, roundTrip, oneWay, problem }: Cell): void {
  const what = `${mechanism}, ${bytes} bytes: ${problem}`;
  assert.equal(problem, undefined, what);
  assert.ok(roundTrip && roundTrip.p50Micros > 0 && roundTrip.p99Micros > 0 && roundTrip.slices.length > 0, what);
  assert.ok(roundTrip.trips >= roundTrip.slices.length, what);
  assert.ok(oneWay && oneWay.messagesPerSecond > 0 && oneWay.messages > 0 && oneWay.slices.length === 5, what);
}

describe("interproc bench", WATCHDOG, () => {
  test("smoke: prints tables and what to take for what, and nothing on stderr where no terminal is", async () => {
    const { code, stdout, stderr } = await bench(["--only", "pipe,unix", "--seconds", "0.1", "--sizes", "64,1k"]);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, "");
    assert.match(stdout, /^round trip, p50 \/ p99 +64 B +1 KiB$/m);
    assert.match(stdout, /^pipe +[\d.]+ [µm]?s \/ [\d.]+ [µm]?s +\S/m);
    assert.match(stdout, /^unix socket +[\d.]+( [kM])?\/s +/m);
    assert.match(stdout, /^short messages, this machine: (pipe|unix socket)\n +\S.*there and back.*with 64 B$/m);
    assert.ok(!stdout.includes("\u001b"));
  });

  test("measures everything that needs no server, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await bench(["--only", WITHOUT_SERVERS.join(), "--json", ...QUICK]);
    assert.equal(code, 0, stdout + stderr);
    const { cells, mechanisms, skipped } = resultsOf(stdout);
    assert.deepEqual(
      cells.map(({ mechanism }) => mechanism),
      WITHOUT_SERVERS,
    );
    assert.deepEqual([mechanisms.length, skipped], [WITHOUT_SERVERS.length, []]);
    for (const cell of cells) assertFigures(cell);
  });

  test("measures a Python process; where there is no python3, that is told with exit code 1", async () => {
    const { code, stdout } = await bench(["--only", "python", "--json", ...QUICK]);
    const { cells, skipped } = resultsOf(stdout);
    if (skipped.length === 0) assertFigures(cells[0]);
    assert.equal(code, skipped.length);
    const path = mkdtempSync(join(tmpdir(), "bench-path-"));
    symlinkSync(process.execPath, join(path, "node"));
    const without = await bench(["--only", "python,pipe", ...QUICK], { PATH: path });
    rmSync(path, { recursive: true });
    assert.equal(without.code, 1);
    assert.match(without.stdout, /^python: skipped: there is no python3$/m);
    assert.match(without.stdout, /^pipe +\d/m);
  });

  test("a datagram carries no MiB: that is said and no failure", async () => {
    const { code, stdout } = await bench(["--only", "udp", "--seconds", "0.05", "--sizes", "64,1m"]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^udp \(1048576 bytes\): skipped: it carries at most 65,507 bytes$/m);
  });

  test("--json gives the fields that the guide tells of, and no others", async () => {
    const { code, stdout } = await bench(["--only", "pipe,udp", "--json", "--seconds", "0.05", "--sizes", "64,100k"]);
    assert.equal(code, 0, stdout);
    const told = read("docs/guide/choosing.md").match(/^\| `([\w.[\]]+)`/gm) ?? [];
    const paths = told.map((line) => line.slice(3, -1));
    const always = paths.filter((path) => !OPTIONAL.has(path));
    const found = fieldsOf(JSON.parse(stdout));
    assert.deepEqual([...found].filter((path) => !paths.includes(path)).sort(), [], "fields that are not told");
    assert.deepEqual(always.filter((path) => !found.has(path)).sort(), [], "fields that are not there");
    assert.equal(resultsOf(stdout).version, 1);
  });

  test("--for measures the needed length too, puts what fits in order and says what does not", async () => {
    const needs = "size=200,latency=1ns,blocking";
    const { code, stdout } = await bench(["--only", "pipe,pipe-sync,semaphore", ...QUICK, "--for", needs]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^round trip, p50 \/ p99 +64 B +200 B$/m);
    assert.match(
      stdout,
      /^for size=200,latency=1ns,blocking, by round trip:\n +1\. pipe.*with 200 B; p99 above 1.00 ns$/m,
    );
    assert.match(stdout, /^not fit:\n +semaphore: it carries no message$/m);
  });

  test("--report writes a page with the figures", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-report-"));
    const file = join(folder, "report.html");
    const { code, stdout } = await bench(["--only", "pipe,tcp", ...QUICK, "--report", file]);
    assert.equal(code, 0, stdout);
    assert.ok(stdout.trimEnd().endsWith(`charts: ${file}`));
    const page = readFileSync(file, "utf8");
    assert.deepEqual([page.match(/<svg/g)?.length, page.match(/class="label"[^>]*>TCP</g)?.length], [2, 2]);
    rmSync(folder, { recursive: true });
  });

  test("a server that was named and does not answer is told, without its password, with exit code 1", async () => {
    const url = "redis://:top-secret@127.0.0.1:1";
    const { code, stdout, stderr } = await bench(["--only", "pipe", ...QUICK, "--brokers", url, "nats://127.0.0.1:1"]);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /^redis: skipped: nobody answers at 127\.0\.0\.1:1$/m);
    assert.match(stdout, /^nats: skipped: nobody answers at 127\.0\.0\.1:1$/m);
    assert.ok(!`${stdout}${stderr}`.includes("top-secret"));
    assert.match(stdout, /^pipe +\d/m);
  });

  test("a peer that is killed costs its own figures, not the others'", async () => {
    const args = ["--only", "pipe,unix", "--json", "--seconds", "2", "--sizes", "64"];
    const { code, stdout } = await bench(args, {}, async (child) => {
      const [peer] = await childrenOf(child.pid as number, 1);
      process.kill(peer, "SIGKILL");
    });
    assert.equal(code, 1, stdout);
    const [killed, other] = resultsOf(stdout).cells;
    assert.equal(killed.mechanism, "pipe");
    assert.match(killed.problem ?? "", /SIGKILL|closed|dead|ended/);
    assert.equal(other.mechanism, "unix");
    assertFigures(other);
  });

  test("Ctrl-C ends it at once with 130, and its peers", async () => {
    let peers: number[] = [];
    const { code, stdout, stderr } = await bench(["--only", "pipe", "--seconds", "60"], {}, async (child) => {
      peers = await childrenOf(child.pid as number, 1);
      child.kill("SIGINT");
    });
    assert.deepEqual([code, stdout, stderr], [130, "", ""]);
    await untilEnded(peers);
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
      const { code, stdout, stderr } = await bench(args);
      assert.deepEqual([code, stdout], [exitCode, ""]);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /^\s+at |:pw@/m);
    });

  test("draws its progress on a terminal and takes it away", { skip: whyNoTerminal() ?? false }, async () => {
    const run = onTerminal(["bench", "--only", "pipe", ...QUICK]);
    assert.equal(await run.exit, 0, run.shown());
    const [drawn, rest] = run.shown().split("\r\u001b[K", 2);
    assert.match(drawn, /^\r.*0\/2 {2}pipe 64 bytes, round trip.*\r.*1\/2 .*pipe 64 bytes, one way/s);
    assert.ok(rest.includes("there and back"), "the line is taken away before the tables come");
  });

  test("durable queues in files are made in the folder that --folder names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-folder-"));
    const seen = new Set<string>();
    const { code, stdout } = await bench(["--only", "file", ...QUICK, "--folder", folder], {}, async (child) => {
      await childrenOf(child.pid as number, 1);
      for (const name of readdirSync(folder)) seen.add(name.replace(/-[^-]*$/, ""));
    });
    assert.equal(code, 0, stdout);
    assert.deepEqual([...seen], ["interproc-bench"]);
    assert.deepEqual(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
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
