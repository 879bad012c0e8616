import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { BenchResults, Cell } from "#src/cli/bench/results.js";
import { benchRun } from "./bench/bench-run.js";
import { onTerminal, whyNoTerminal } from "./on-terminal.js";
import { childrenOf, untilEnded } from "./run-cli.js";

const WATCHDOG = { timeout: 350_000 };
const QUICK = ["--seconds", "0.05", "--sizes", "64"];
const WITHOUT_SERVERS = [
  ...["pipe", "pipe-sync", "queue", "value", "shared-memory", "semaphore", "unix", "tcp", "udp", "websocket"],
  ...["http", "gateway", "child_process", "worker_threads", "file"],
];

const resultsOf = (stdout: string) => JSON.parse(stdout) as BenchResults;

function assertFigures({ mechanism, bytes, roundTrip, oneWay, problem }: Cell): void {
  const what = `${mechanism}, ${bytes} bytes: ${problem}`;
  assert.equal(problem, undefined, what);
  assert.ok(roundTrip && roundTrip.p50Micros > 0 && roundTrip.p99Micros > 0 && roundTrip.slices.length > 0, what);
  assert.ok(roundTrip.trips >= roundTrip.slices.length, what);
  assert.ok(oneWay && oneWay.messagesPerSecond > 0 && oneWay.messages > 0 && oneWay.slices.length === 5, what);
}

describe("interproc bench", WATCHDOG, () => {
  test("smoke: prints tables and what to take for what, and nothing on stderr where no terminal is", async () => {
    const { code, stdout, stderr } = await benchRun(["--only", "pipe,unix", "--seconds", "0.1", "--sizes", "64,1k"]);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, "");
    assert.match(stdout, /^round trip, p50 \/ p99 +64 B +1 KiB$/m);
    assert.match(stdout, /^pipe +[\d.]+ [µm]?s \/ [\d.]+ [µm]?s +\S/m);
    assert.match(stdout, /^unix socket +[\d.]+( [kM])?\/s +/m);
    assert.match(stdout, /^short messages, this machine: (pipe|unix socket)\n +\S.*there and back.*with 64 B$/m);
    assert.ok(!stdout.includes("\u001b"));
  });

  test("measures everything that needs no server, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await benchRun(["--only", WITHOUT_SERVERS.join(), "--json", ...QUICK]);
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
    const { code, stdout } = await benchRun(["--only", "python", "--json", ...QUICK]);
    const { cells, skipped } = resultsOf(stdout);
    if (skipped.length === 0) assertFigures(cells[0]);
    assert.equal(code, skipped.length);
    const path = mkdtempSync(join(tmpdir(), "bench-path-"));
    symlinkSync(process.execPath, join(path, "node"));
    const without = await benchRun(["--only", "python,pipe", ...QUICK], { PATH: path });
    rmSync(path, { recursive: true });
    assert.equal(without.code, 1);
    assert.match(without.stdout, /^python: skipped: there is no python3$/m);
    assert.match(without.stdout, /^pipe +\d/m);
  });

  test("a datagram carries no MiB: that is said and no failure", async () => {
    const { code, stdout } = await benchRun(["--only", "udp", "--seconds", "0.05", "--sizes", "64,1m"]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^udp \(1048576 bytes\): skipped: it carries at most 65,507 bytes$/m);
  });

  test("--for measures the needed length too, puts what fits in order and says what does not", async () => {
    const needs = "size=200,latency=1ns,blocking";
    const { code, stdout } = await benchRun(["--only", "pipe,pipe-sync,semaphore", ...QUICK, "--for", needs]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^round trip, p50 \/ p99 +64 B +200 B$/m);
    assert.match(
      stdout,
      /^for size=200,latency=1ns,blocking, by round trip:\n +1\. pipe.*with 200 B; p99 above 1.00 ns$/m,
    );
    assert.match(stdout, /^not fit:\n +semaphore: it carries no message$/m);
  });

  test("a server that was named and does not answer is told, without its password, with exit code 1", async () => {
    const url = "redis://:top-secret@127.0.0.1:1";
    const { code, stdout, stderr } = await benchRun([
      "--only",
      "pipe",
      ...QUICK,
      "--brokers",
      url,
      "nats://127.0.0.1:1",
    ]);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /^redis: skipped: nobody answers at 127\.0\.0\.1:1$/m);
    assert.match(stdout, /^nats: skipped: nobody answers at 127\.0\.0\.1:1$/m);
    assert.ok(!`${stdout}${stderr}`.includes("top-secret"));
    assert.match(stdout, /^pipe +\d/m);
  });

  test("a peer that is killed costs its own figures, not the others'", async () => {
    const args = ["--only", "pipe,unix", "--json", "--seconds", "2", "--sizes", "64"];
    const { code, stdout } = await benchRun(args, {}, async (child) => {
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
    const { code, stdout, stderr } = await benchRun(["--only", "pipe", "--seconds", "60"], {}, async (child) => {
      peers = await childrenOf(child.pid as number, 1);
      child.kill("SIGINT");
    });
    assert.deepEqual([code, stdout, stderr], [130, "", ""]);
    await untilEnded(peers);
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
    const { code, stdout } = await benchRun(["--only", "file", ...QUICK, "--folder", folder], {}, async (child) => {
      await childrenOf(child.pid as number, 1);
      for (const name of readdirSync(folder)) seen.add(name.replace(/-[^-]*$/, ""));
    });
    assert.equal(code, 0, stdout);
    assert.deepEqual([...seen], ["interproc-bench"]);
    assert.deepEqual(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
  });
});
