import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { activeChildren, Lock, Queue, SharedValue, spawn, Topic } from "interproc";
import type { ObjectView, Snapshot } from "#src/inspector/snapshot-model.js";
import { directoryPath } from "#src/memory/directory.js";
import { ChildProgram, programFile } from "../primitives/child-program.js";
import { crossing } from "../programs/crossing.js";
import { holdLock } from "../programs/hold-lock.js";
import { OwnDirectory } from "./own-directory.js";
import { runCli } from "./run-cli.js";

const WATCHDOG = { timeout: 90_000 };

describe("interproc ls, show, top and gc", () => {
  after(() => {
    for (const child of activeChildren()) child.kill();
  });

  test("smoke: ls lists a queue with its depth, and who has it", WATCHDOG, async () => {
    using queue = Queue.create<number>("jobs");
    queue.putManySync([1, 2, 3]);
    const { code, stdout, stderr } = await runCli(["ls"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^TYPE +NAME +STATE +DEPTH +SIZE +PROCESSES +WAITERS +OWNER +AGE$/m);
    assert.match(stdout, new RegExp(`^Queue +jobs +live +3 +384 bytes of 262 kB +${process.pid} \\S+ +0 +-`, "m"));
    assert.ok(!stdout.includes("\u001b"));
  });

  test(
    "ls --json is the snapshot as one document; --named and --names leave out what has no name",
    WATCHDOG,
    async () => {
      using _named = Queue.create("named");
      using _anonymous = new Queue();
      const shot = JSON.parse((await runCli(["ls", "--json"])).stdout) as Snapshot;
      assert.equal(shot.directory, directoryPath());
      assert.deepEqual(shot.objects.map(({ name }) => name).sort(), ["named", undefined]);
      const { objects } = JSON.parse((await runCli(["ls", "--json", "--named"])).stdout) as Snapshot;
      assert.deepEqual(
        objects.map(({ name }) => name),
        ["named"],
      );
      assert.equal((await runCli(["ls", "--names"])).stdout, "named\n");
    },
  );

  test("ls makes no directory where there is none", WATCHDOG, async () => {
    using directory = new OwnDirectory();
    const { code, stdout } = await runCli(["ls"], { INTERPROC_DIR: join(directory.path, "none") });
    assert.deepEqual([code, stdout], [0, `0 objects in ${join(directory.path, "none")}\n`]);
  });

  test("a name that would move the cursor is printed harmlessly", WATCHDOG, async () => {
    using _queue = Queue.create("a\u001b[2Jb\nc");
    const { stdout } = await runCli(["ls"]);
    assert.match(stdout, /a\\u\{1b\}\[2Jb\\u\{a\}c/);
    assert.ok(!stdout.includes("\u001b"));
  });

  test("show tells of a lock who holds it and who waits behind whom", WATCHDOG, async () => {
    using lock = Lock.create("guarded");
    using first = new SharedValue("i32");
    const holder = spawn(holdLock, [lock, first], { name: "holder" });
    await first.waitUntil((state) => state === 1);
    const waiting = lock.acquire().then((hold) => hold.release());
    let shown = "";
    while (!/waits/.test(shown)) shown = (await runCli(["show", "guarded"])).stdout;
    assert.match(shown, /^Lock guarded$/m);
    assert.match(shown, new RegExp(`^ +holds +${holder.pid} holder$`, "m"));
    assert.match(shown, new RegExp(`^ +waits +${process.pid} \\S+ for the lock, behind ${holder.pid} holder$`, "m"));
    const json = JSON.parse((await runCli(["show", "guarded", "--json"])).stdout) as ObjectView & { waits: unknown[] };
    assert.deepEqual([json.type, json.waits.length], ["Lock", 1]);
    const byId = await runCli(["show", json.id.slice(0, 12)]);
    assert.match(byId.stdout, /^Lock guarded$/m);
    first.value = 2;
    await Promise.all([waiting, holder.join()]);
  });

  test("show of what is not there is one line on stderr, exit code 1", WATCHDOG, async () => {
    const { code, stdout, stderr } = await runCli(["show", "nothing"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^interproc: there is no object "nothing" in .*\n$/);
  });

  test("a deadlock is named by ls, show and top", WATCHDOG, async () => {
    using a = Lock.create("a");
    using b = Lock.create("b");
    using here = new SharedValue("i32");
    const children = [spawn(crossing, [a, b, here, 2, true]), spawn(crossing, [b, a, here, 2, true])];
    const said = /^deadlock: process \d+ has Lock "[ab]" and waits for Lock "[ab]"; process \d+ has/m;
    while (!said.test((await runCli(["ls"])).stdout));
    assert.match((await runCli(["show", "a"])).stdout, /^ +deadlock +process/m);
    assert.match((await runCli(["top", "--count", "1"])).stdout, said);
    for (const child of children) {
      child.kill();
      await child.join();
    }
  });

  test("top prints a table for each look, with rates, when its output is no terminal", WATCHDOG, async () => {
    using topic = Topic.create<number>("ticks");
    using _subscription = topic.subscribe(); // what nobody has subscribed to is gone, and not counted
    const publishing = setInterval(() => topic.tryPublish(1), 1);
    const { code, stdout } = await runCli(["top", "--count", "3", "--interval", "100", "--sort", "name"]);
    clearInterval(publishing);
    assert.equal(code, 0);
    assert.equal(stdout.match(/^TYPE +NAME/gm)?.length, 3);
    assert.match(stdout, /^Topic +ticks +live +- +[1-9]\d* +[1-9]/m);
    const { stdout: lines } = await runCli(["top", "--count", "2", "--interval", "50", "--json"]);
    assert.equal(
      lines
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)).length,
      2,
    );
  });

  test(
    "gc --dry-run says what is left behind, gc removes it, and leaves alone what is no object",
    WATCHDOG,
    async () => {
      using directory = new OwnDirectory();
      const env = { INTERPROC_DIR: directory.path };
      const args = [programFile("hold-object"), "create", "value", "orphan"];
      const own = new ChildProgram(process.execPath, args, { ...process.env, ...env });
      assert.equal(await own.line(), "held orphan");
      await own.kill();
      writeFileSync(join(directory.path, "notes"), "mine");
      const dry = await runCli(["gc", "--dry-run"], env);
      assert.equal(dry.code, 0);
      assert.match(dry.stdout, /^would be removed: SharedValue orphan$/m);
      assert.match(dry.stdout, /^1 object to be removed, 1 killed thread$/m);
      const json = JSON.parse((await runCli(["gc", "--json"], env)).stdout);
      assert.deepEqual(
        [json.removed.map((one: { name: string }) => one.name), json.damaged.length, json.killed.length],
        [["orphan"], 1, 1],
      );
      const again = await runCli(["gc"], env);
      assert.match(again.stdout, /^left alone: notes, .*\n0 objects removed, 0 killed threads$/m);
    },
  );
});
