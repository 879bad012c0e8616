import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { now } from "#src/deadline.js";
import { leave } from "#src/memory/attachments.js";
import { ownerWord, slotOf } from "#src/memory/owner.js";
import { registrySlot, SLOT_STRIDE, SLOTS_OFFSET } from "#src/memory/registry.layout.js";
import type { Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { addon } from "#src/native/addon.js";
import { sweep } from "#src/primitives/sweep.js";
import { parker } from "#src/sync/parker.js";
import { ASLEEP_IN_CALL, ASLEEP_IN_LOOP, AWAKE, NOTIFIED } from "#src/sync/parker.layout.js";
import { makeValue } from "../memory/make-value.js";
import { Party } from "../memory/party.js";
import { until } from "../memory/processes.js";
import { runProgram } from "../memory/run-program.js";
import { programFile } from "../primitives/child-program.js";
import { chooseSeed } from "../rings/seeded-random.js";
import { withoutRechecks } from "./without-rechecks.js";
import { DeathWait, inLoop, setWord, WordWait, wordOf } from "./word-wait.js";

const timeout = 150_000;
const isFull = process.env.INTERPROC_TEST === "full";
const FOR_EVER = Number.POSITIVE_INFINITY;
const kinds = ["process", "worker"] as const;
let count = 0;

/** An object that this thread and others hold; gone at the end of the test. */
class Shared implements Disposable {
  readonly name = `shared ${count++}`;
  readonly segment: Segment = makeValue(registry(), {
    name: this.name,
    initialise: (made) => new Int32Array(made.control, made.bodyOffset, 8).fill(0),
  });

  wait(word: number, isSo: (value: number) => boolean, holdsLoop = true): WordWait {
    return new WordWait(this.segment, 0, word, isSo, holdsLoop);
  }

  get waitingBits(): number {
    return this.segment.words.load(this.segment.waiting);
  }

  [Symbol.dispose](): void {
    leave(this.segment, 0);
    this.segment.unmap();
  }
}

describe("parker", { timeout }, () => {
  test("smoke: a call sleeps until another thread has changed what it waits for", async () => {
    using shared = new Shared();
    const party = Party.worker();
    await party.order("open", shared.name);
    for (let round = 1; round <= 3; round++) {
      const done = party.order("set", shared.name, 0, round);
      assert.equal(parker().waitSync([shared.wait(0, (value) => value === round)], FOR_EVER), true);
      await done;
    }
    assert.equal(shared.waitingBits, 0);
    await party.end();
  });

  test("a call gives up at its deadline, says so, and leaves no trace", () => {
    using shared = new Shared();
    const { word } = parker() as unknown as { word: number };
    for (const ms of [-1, 0, 0.01, 5, 70]) {
      const wait = shared.wait(0, (value) => value === 1);
      const deadline = now() + ms;
      assert.equal(parker().waitSync([wait], deadline), false);
      assert.ok(now() >= deadline);
      assert.equal(shared.waitingBits, 0);
      if (ms >= 5) assert.equal(registry().words.load(word), AWAKE);
      if (ms > 50) assert.ok(wait.rechecks > 0, "it looks again who is alive every 50 ms");
    }
    assert.equal(
      parker().waitSync([shared.wait(0, (value) => value === 0)], 0),
      true,
      "what is so already needs no time",
    );
  });

  test("one call waits for many things on many objects, and ends by any of them", async () => {
    using first = new Shared();
    using second = new Shared();
    const party = Party.worker();
    await party.order("open", second.name);
    const waits = [first, second].flatMap((shared) =>
      [1, 2, 3].map((word) => shared.wait(word, (value) => value === 1)),
    );
    const done = party.order("set", second.name, 3, 1);
    assert.equal(parker().waitSync(waits, FOR_EVER), true);
    await done;
    assert.deepEqual([first.waitingBits, second.waitingBits], [0, 0]);
    await party.end();
  });

  test("waits in the loop end in any order, and one that is given up is disarmed", async () => {
    using shared = new Shared();
    const party = Party.process();
    await party.order("open", shared.name);
    const ended: number[] = [];
    const waits = [1, 2, 3].map((word) =>
      inLoop(shared.segment, 0, word, (value) => value === 1).then(() => ended.push(word)),
    );
    const given = shared.wait(4, (value) => value === 1);
    parker().start(given);
    await until(() => given.armed > 0);
    parker().stop(given);
    assert.equal(given.armed, 0);
    for (const word of [3, 1, 2]) {
      await party.order("set", shared.name, word, 1);
      await waits[word - 1];
    }
    assert.deepEqual([ended, shared.waitingBits], [[3, 1, 2], 0]);
    await party.end();
  });

  for (const kind of kinds)
    for (const forms of [
      ["call", "call"],
      ["call", "loop"],
      ["loop", "loop"],
    ])
      test(`no wake-up is ever lost between this ${forms[0]} and that ${forms[1]}, the other being a ${kind}`, async () => {
        using shared = new Shared();
        const seed = chooseSeed();
        const rounds = isFull ? 34_000 : 6_000;
        const ends = forms.map((form, side) => hammer(kind, [shared.name, `${side}`, form, `${rounds}`, `${seed}`]));
        assert.deepEqual(await Promise.all(ends), [0, 0], `seed ${seed}`);
        assert.equal(wordOf(shared.segment, 0), rounds);
        assert.equal(shared.waitingBits, 0);
      });

  test("wakes for the loop's waits do not end a call, and are not lost by it", async () => {
    using forLoop = new Shared();
    using forCall = new Shared();
    const restore = withoutRechecks();
    const party = Party.worker();
    await Promise.all([forLoop, forCall].map(({ name }) => party.order("open", name)));
    for (let round = 1; round <= 50; round++) {
      const waited = [1, 2].map((word) => inLoop(forLoop.segment, 0, word, (value) => value === round));
      if (round % 2) await until(() => forLoop.waitingBits !== 0); // asleep in the loop by now, else polling
      const done = [1, 2].map((word) => party.order("set", forLoop.name, word, round));
      done.push(party.order("set", forCall.name, 1, round));
      assert.ok(parker().waitSync([forCall.wait(1, (value) => value === round)], FOR_EVER));
      assert.deepEqual([wordOf(forLoop.segment, 1), wordOf(forLoop.segment, 2)], [round, round]);
      await Promise.all([...waited, ...done]);
    }
    restore();
    await party.end();
  });

  test("a change while the loop polls is found by the polling: no kernel call wakes a thread that is awake", async () => {
    using shared = new Shared();
    const { poke, futexWake } = addon();
    let wakes = 0;
    addon().poke = (fd) => ++wakes && poke(fd);
    addon().futexWake = (buffer, offset, most) => ++wakes && futexWake(buffer, offset, most);
    const waited = inLoop(shared.segment, 0, 0, (value) => value === 1);
    setWord(shared.segment, 0, 1);
    await waited;
    Object.assign(addon(), { poke, futexWake });
    assert.equal(wakes, 0);
  });

  test("a changer that is killed between its change and the wake-up leaves nobody asleep", async () => {
    for (const form of ["call", "loop"] as const)
      for (const kind of kinds) {
        using shared = new Shared();
        const party = Party[kind]();
        await party.order("open", shared.name);
        const isSo = (value: number): boolean => value === 1;
        if (form === "loop") {
          const waited = inLoop(shared.segment, 0, 0, isSo);
          await until(() => shared.waitingBits !== 0);
          await party.order("set", shared.name, 0, 1, false);
          await party.kill();
          await waited;
        } else {
          const done = party.order("setOnceWaitedFor", shared.name, 0, 1).catch(() => undefined);
          assert.ok(parker().waitSync([shared.wait(0, isSo)], FOR_EVER));
          await party.kill();
          await done;
        }
      }
    sweep();
  });

  test("a peer's death ends a call at once, and a wait in the loop: by the alarm, not by looking again", async () => {
    for (const form of ["call", "loop"] as const) {
      using shared = new Shared();
      const party = Party.process();
      const owner = await party.order("attach");
      await party.order("open", shared.name);
      const restore = withoutRechecks();
      const killer = spawn("sh", ["-c", `sleep 0.1; kill -9 ${party.pid}`]);
      const gone = new Promise((resolve) => killer.once("exit", resolve));
      if (form === "call") assert.ok(parker().waitSync([new DeathWait(shared.segment, 0, owner)], FOR_EVER));
      else await new Promise<void>((resolve) => parker().start(new DeathWait(shared.segment, 0, owner, resolve)));
      assert.ok(!registry().isAlive(owner));
      restore();
      await Promise.all([party.over, gone]);
    }
    sweep();
  });

  test("the end of a worker thread that waits in its own loop is told too, though its FIFO goes before its lock", async () => {
    for (const form of ["call", "loop"] as const) {
      using shared = new Shared();
      const party = Party.worker();
      const owner = await party.order("attach");
      await party.order("open", shared.name);
      await party.order("waitInLoop", shared.name, 5);
      const over = party.kill();
      if (form === "call") assert.ok(parker().waitSync([new DeathWait(shared.segment, 0, owner)], FOR_EVER));
      else await new Promise<void>((resolve) => parker().start(new DeathWait(shared.segment, 0, owner, resolve)));
      await over;
    }
    sweep();
  });

  test("what waits already for a dead one ends without an alarm", async () => {
    using shared = new Shared();
    const party = Party.process();
    const owner = await party.order("attach");
    await party.kill();
    assert.ok(parker().waitSync([new DeathWait(shared.segment, 0, owner)], FOR_EVER));
    await new Promise<void>((resolve) => parker().start(new DeathWait(shared.segment, 0, owner, resolve)));
    sweep();
  });

  test("waking tells a thread once, and one that is gone or has passed its slot on never", async () => {
    const party = Party.process();
    const owner = await party.order("attach");
    const { words } = registry();
    const word = registry().parkerOf(owner);
    for (const before of [AWAKE, ASLEEP_IN_CALL, ASLEEP_IN_LOOP, NOTIFIED]) {
      words.store(word, before);
      parker().wake(owner);
      assert.equal(words.load(word), before === AWAKE ? AWAKE : NOTIFIED, "who is awake looks again anyway");
    }
    words.store(word, AWAKE);
    parker().wake(ownerWord(slotOf(owner), 99));
    assert.equal(words.load(word), AWAKE);
    parker().wake(ownerWord(4000, 1));
    await party.kill();
    words.store(word, ASLEEP_IN_LOOP);
    parker().wake(owner);
    sweep();
  });

  test("time asleep in calls and wake-ups are counted in the registry", async () => {
    using shared = new Shared();
    const at = SLOTS_OFFSET + slotOf(registry().self) * SLOT_STRIDE;
    const blocked = new Float64Array(registry().buffer, at + registrySlot.offset.blockedMicroseconds, 1);
    const wakes = (): number => registry().words.load((at + registrySlot.offset.wakes) / 4);
    const before = [blocked[0], wakes()];
    // so long that what a busy machine takes before it sleeps counts for little
    parker().waitSync([shared.wait(0, (value) => value === 1)], now() + 100);
    assert.ok(blocked[0] - before[0] >= 80_000, `${blocked[0] - before[0]} microseconds`);
    assert.equal(wakes(), before[1] + 1);
  });

  for (const [mode, lines] of [
    ["idle", "begun"],
    ["unref", "begun"],
    ["given-up", "begun"],
    ["call-over", "begun"],
    ["waiting", "begun, still here, received 2"],
    ["two", "begun, still here, received 2"],
    ["woken", "received 1, begun, still here, received 2"],
  ])
    test(`a process with a pipe that is ${mode} ends by itself ${lines === "begun" ? "at once" : "once its wait is over"}`, async () => {
      const { code, output } = await runProgram(["memory-lingering", mode]);
      assert.deepEqual([code, output.split("\n").join(", ")], [0, lines]);
    });

  test("with one processor nothing spins or polls, and all waits still end", async () => {
    using shared = new Shared();
    const through = ["taskset", "-c", "0"];
    const rounds = isFull ? 3000 : 1000;
    const args = (side: number, form: string): (string | number)[] => [
      "memory-hammer",
      shared.name,
      side,
      form,
      rounds,
      1,
    ];
    const ends = [runProgram(args(0, "call"), { through }), runProgram(args(1, "loop"), { through })];
    for (const { code } of await Promise.all(ends)) assert.equal(code, 0);
    assert.equal((await runProgram(["memory-can-spin"], { through })).output, "false");
  });
});

/** One side of the hammer; resolves with its exit code. */
async function hammer(kind: "process" | "worker", args: string[]): Promise<unknown> {
  if (kind === "process") return (await runProgram(["memory-hammer", ...args])).code;
  const worker = new Worker(programFile("memory-hammer"), { argv: args });
  return new Promise((resolve) => worker.once("exit", resolve));
}
