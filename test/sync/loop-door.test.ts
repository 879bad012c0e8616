import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { pipe, share } from "interproc";
import { addon } from "#src/native/addon.js";
import { openLoopDoor } from "#src/sync/loop-door.js";
import { openDescriptors } from "../memory/open-descriptors.js";
import { OwnDirectory } from "../memory/own-directory.js";
import { until } from "../memory/processes.js";
import { runProgram } from "../memory/run-program.js";

/** A FIFO of which both ends are here. */
function openFifo(own: OwnDirectory): number {
  const path = join(own.path, "fifo");
  assert.equal(addon().mkfifo(path, 0o600), 0);
  return addon().open(path, constants.O_RDWR | constants.O_NONBLOCK, 0);
}

/** Whether a descriptor is a thread's own FIFO: those of others are open for writing only. */
function isOwnParker(fd: string): boolean {
  try {
    if (!readlinkSync(`/proc/self/fd/${fd}`).includes("/.parkers/")) return false;
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "";
    return (Number.parseInt(flags, 8) & 3) === constants.O_RDWR;
  } catch {
    return false; // closed meanwhile
  }
}

describe("loop door", { timeout: 150_000 }, () => {
  test("smoke: a byte in the FIFO calls back in the event loop, each time", async () => {
    using own = new OwnDirectory();
    const fifo = openFifo(own);
    let wakes = 0;
    openLoopDoor(fifo, () => wakes++);
    for (let round = 1; round <= 5; round++) {
      addon().poke(fifo);
      assert.equal(wakes, round - 1, "never inside the poke");
      await until(() => wakes === round);
    }
  });

  test("many bytes at once are all read, and call back a few times only", async () => {
    using own = new OwnDirectory();
    const fifo = openFifo(own);
    let wakes = 0;
    openLoopDoor(fifo, () => wakes++);
    for (let times = 0; times < 10_000; times++) addon().poke(fifo);
    await until(() => wakes > 0);
    await until(() => addon().poke(fifo) === 1);
    const descriptors = openDescriptors();
    await until(() => wakes < 100);
    assert.equal(openDescriptors(), descriptors);
  });

  test("a worker that is ended before Node has taken its FIFO leaves none open, and its peer is told", async () => {
    const parkers = (): number => readdirSync("/proc/self/fd").filter(isOwnParker).length;
    for (const end of pipe()) end.close(); // this thread has a FIFO of its own from now on
    const before = parkers();
    for (let round = 0; round < 3; round++) {
      const [mine, theirs] = pipe();
      const worker = new Worker(new URL("../programs/stuck-door-worker.js", import.meta.url), {
        workerData: share(theirs),
      });
      await once(worker, "message");
      const end = assert.rejects(mine.recv(), { code: "ERR_INTERPROC_EOF" });
      await worker.terminate();
      await end;
      mine.close();
    }
    await until(() => parkers() === before);
  });

  for (const [held, lines] of [
    ["held", ["open", "woken"]],
    ["free", ["open"]],
    ["let-go", ["open"]],
  ] as const)
    test(`a process whose door is ${held} ${held === "held" ? "stays until it is let go" : "ends"}`, async () => {
      const { code, output } = await runProgram(["memory-door", held]);
      assert.deepEqual([code, output.split("\n")], [0, lines]);
    });
});
