import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { generationOf, isOwner, LAST_GENERATION, ownerWord, SLOTS, slotOf } from "#src/memory/owner.js";
import { registryHeader } from "#src/memory/registry.layout.js";
import { OwnDirectory } from "./own-directory.js";
import { Party, partyProgram } from "./party.js";
import { needsRoot, stateOf, until } from "./processes.js";

const timeout = 150_000;

describe("registry: who is alive", { timeout }, () => {
  test("smoke: a thread takes a place, is alive, and gives the place back", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const other = own.attach();
    assert.ok(isOwner(mine.self));
    assert.notEqual(mine.self, other.self);
    assert.ok(mine.isAlive(mine.self) && mine.isAlive(other.self) && other.isAlive(mine.self));
    assert.equal(mine.pidOf(other.self), process.pid);
    assert.ok(existsSync(mine.fifoPath(mine.self)));
    own.leave(other);
    assert.ok(!mine.isAlive(other.self) && !other.isAlive(other.self));
    assert.ok(!existsSync(mine.fifoPath(other.self)));
    assert.deepEqual(mine.killed(), []);
  });

  test("an owner word is its slot and its generation; words below 4,096 are nobody's", () => {
    for (const slot of [0, 1, 63, SLOTS - 1])
      for (const generation of [1, 2, 0x7_ffff, 0x8_0000, LAST_GENERATION]) {
        const owner = ownerWord(slot, generation);
        assert.deepEqual(
          [slotOf(owner), generationOf(owner), isOwner(owner), owner | 0],
          [slot, generation, true, owner],
        );
      }
    for (const word of [0, 1, 2, 4095]) assert.ok(!isOwner(word));
    using own = new OwnDirectory();
    const mine = own.attach();
    for (const word of [0, 1, 2, slotOf(mine.self), 4095]) assert.ok(!mine.isAlive(word), `${word}`);
  });

  test("a process is alive until it is killed, and from then on dead", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const party = Party.process();
    const owner = await party.order("attach");
    assert.ok(mine.isAlive(owner) && (await party.order("isAlive", mine.self)));
    assert.equal(mine.pidOf(owner), party.pid);
    await party.kill();
    assert.ok(!mine.isAlive(owner));
    assert.deepEqual(mine.killed(), [owner]);
    mine.clean(owner);
    assert.deepEqual([mine.killed(), mine.isAlive(owner)], [[], false]);
  });

  test("a process that ends in an orderly way is dead, and leaves nothing to sweep", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const party = Party.process();
    const owner = await party.order("attach");
    await party.end();
    assert.ok(!mine.isAlive(owner));
    assert.deepEqual(mine.killed(), []);
    assert.deepEqual(own.objects(), []);
  });

  test("a killed process that its parent has not reaped yet is dead", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    // the shell turns into a program that never reaps
    const parent = spawn("sh", ["-c", `"${process.execPath}" "${partyProgram}" & exec sleep 600`], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    try {
      const owner = await new Promise<number>((resolve) => {
        parent.once("message", (answer) => resolve((answer as { value: number }).value));
        parent.send(["attach"]);
      });
      assert.ok(mine.isAlive(owner));
      const pid = mine.pidOf(owner) as number;
      process.kill(pid, "SIGKILL");
      await until(() => !mine.isAlive(owner));
      assert.equal(stateOf(pid), "Z");
      process.kill(pid, 0); // to this it still looks alive
    } finally {
      parent.kill("SIGKILL");
    }
  });

  test("a stopped process is alive, however long it stands, and dead when it is killed", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const party = Party.process();
    const owner = await party.order("attach");
    process.kill(party.pid, "SIGSTOP");
    await until(() => stateOf(party.pid) === "T");
    assert.ok(mine.isAlive(owner));
    assert.deepEqual(mine.killed(), []);
    process.kill(party.pid, "SIGCONT");
    assert.ok(await party.order("isAlive", owner));
    process.kill(party.pid, "SIGSTOP");
    await party.kill();
    assert.ok(!mine.isAlive(owner));
  });

  test("a worker thread that ends or is terminated is dead while its process lives", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    for (const how of ["end", "kill"] as const) {
      const party = Party.worker();
      const owner = await party.order("attach");
      assert.ok(mine.isAlive(owner) && (await party.order("isAlive", mine.self)));
      assert.equal(mine.pidOf(owner), process.pid);
      await party[how]();
      assert.ok(!mine.isAlive(owner), how);
      assert.deepEqual(mine.killed(), how === "kill" ? [owner] : []);
      mine.clean(owner);
    }
  });

  test("life and death are seen across pid namespaces", { skip: needsRoot }, async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const inside = Party.process(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    const there = await inside.order("attach");
    const outside = Party.process();
    const here = await outside.order("attach");
    assert.ok(mine.isAlive(there) && (await outside.order("isAlive", there)) && (await inside.order("isAlive", here)));
    assert.notEqual(mine.pidOf(there), inside.pid);
    await outside.kill();
    assert.ok(!(await inside.order("isAlive", here)));
    assert.ok(await inside.order("isAlive", mine.self));
    await inside.kill();
    await until(() => !mine.isAlive(there));
  });

  test("a slot's next holder has another owner word, and the last one is dead although the slot lives", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const first = own.attach();
    own.leave(first);
    mine.words.store(registryHeader.word.cursor, slotOf(first.self));
    const second = own.attach();
    assert.equal(slotOf(second.self), slotOf(first.self));
    assert.equal(generationOf(second.self), generationOf(first.self) + 1);
    assert.ok(!mine.isAlive(first.self) && mine.isAlive(second.self));
    assert.equal(mine.parkerOf(first.self), -1);
    assert.equal(mine.pidOf(first.self), undefined);
    assert.ok(mine.parkerOf(second.self) >= 0);
    own.abandon(second);
    assert.ok(!mine.isAlive(first.self) && !mine.isAlive(second.self));
  });
});
