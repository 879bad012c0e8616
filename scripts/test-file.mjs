import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { root } from "./run.mjs";

/** Files that may stay in a directory without any object: its threads' registry is made with the first and kept. */
const infrastructure = new Set([".registry"]);

const sourceMaps = pathToFileURL(join(root, "scripts/source-maps.mjs")).href;

/** How long a process or a file that a test has left may take to go, because something is on its way to remove it. */
const graceMs = 5_000;

/**
 * Runs one compiled test file in a process group of its own, with a fresh directory for shared objects. A file fails by
 * a test that fails, by running longer than `timeoutMs`, and by leaving a process or an object behind.
 */
export async function runTestFile(file, { isFast, timeoutMs }) {
  const startedAt = performance.now();
  const directory = makeDirectory();
  // what a test that is killed leaves in the folder for temporary files goes with it
  const temporary = mkdtempSync(join(tmpdir(), "interproc-test-"));
  const complaints = [];
  const clear = () => {
    for (const pid of survivors(directory)) kill(pid);
    for (const folder of [directory, temporary]) rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clear);
  try {
    const { code, output } = await runProcess(file, { directory, temporary, isFast, timeoutMs });
    if (code === "timeout") complaints.push(`ended by the watchdog after ${timeoutMs / 1000} s`);
    else if (code !== 0) complaints.push(`exit code ${code}`);
    const left = await leftovers(directory);
    complaints.push(...left.map((thing) => `left behind: ${thing}`));
    const tests = Number(/^ℹ tests (\d+)$/m.exec(output)?.[1] ?? 0);
    if (complaints.length === 0 && tests === 0) complaints.push("no test in this file");
    // the reporter repeats all failures at its end
    return {
      tests,
      output: output.split("\n✖ failing tests:")[0],
      complaints,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    process.off("exit", clear);
    clear();
  }
}

/** Mode 0700, in memory where there is /dev/shm. */
function makeDirectory() {
  try {
    return mkdtempSync("/dev/shm/interproc-test-");
  } catch {
    return mkdtempSync(join(tmpdir(), "interproc-test-"));
  }
}

function runProcess(file, { directory, temporary, isFast, timeoutMs }) {
  const env = {
    ...process.env,
    ...{ INTERPROC_DIR: directory, INTERPROC_TEST: isFast ? "fast" : "full", TMPDIR: temporary, NO_COLOR: "1" },
  };
  for (const name of ["NODE_OPTIONS", "NODE_TEST_CONTEXT", "FORCE_COLOR"]) delete env[name];
  const args = ["--import", sourceMaps, "--test-reporter=spec", "--test-reporter-destination=stdout", file];
  const child = spawn(process.execPath, args, { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  // Ctrl-C does not reach another process group
  const interrupt = () => {
    kill(-child.pid);
    process.exit(130);
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  return new Promise((done, fail) => {
    let isTimedOut = false;
    const watchdog = setTimeout(() => {
      isTimedOut = true;
      for (const pid of survivors(directory)) kill(pid);
      kill(-child.pid);
    }, timeoutMs);
    const end = (result) => {
      clearTimeout(watchdog);
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
      done(result);
    };
    child.once("error", fail);
    child.once("exit", (code, signal) => {
      const result = () => end({ code: isTimedOut ? "timeout" : (code ?? signal), output });
      // a process that was left behind may hold the output open for ever: what is there by now is enough
      const patience = setTimeout(result, 1_000);
      child.once("close", () => {
        clearTimeout(patience);
        result();
      });
    });
  });
}

async function leftovers(directory) {
  for (const until = performance.now() + graceMs; ; await sleep(50)) {
    const left = [...survivors(directory).map((pid) => `process ${pid} (${commandLine(pid)})`), ...filesIn(directory)];
    if (left.length === 0 || performance.now() > until) return left;
  }
}

function filesIn(directory) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !infrastructure.has(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    return [`${directory} cannot be listed: ${error.message}`];
  }
}

/** The processes that were started with this directory, wherever they have gone since: their environment names it. */
function survivors(directory) {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => readProc(pid, "environ").includes(`INTERPROC_DIR=${directory}`))
    .map(Number);
}

const commandLine = (pid) => readProc(pid, "cmdline").replaceAll("\0", " ").trim();

/** Empty for a process that is gone, is not ours to look at, or is dead and not yet collected by its parent. */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has gone by itself
  }
}
