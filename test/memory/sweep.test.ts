import assert from "node:assert/strict";
import { constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { attach, type Connection, pipe, SharedValue, share } from "interproc";
import { registry } from "#src/memory/this-thread.js";
import { addon } from "#src/native/addon.js";
import { makeLink, unfinishedFolder } from "#src/primitives/flight.js";
import { isLocked, sweep } from "#src/primitives/sweep.js";
import { lifeLine } from "#src/processes/life-line.js";
import { makeValue } from "./make-value.js";
import { Party } from "./party.js";
import { stateOf, until } from "./processes.js";
import { runProgram } from "./run-program.js";

const timeout = 150_000;
const isFull = process.env.INTERPROC_TEST === "full";
const { directory } = registry();
const ownLifeLine = lifeLine();

/** What lies in the directory, beside the registry and this thread's own FIFO. */
const things = (): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter(
      (name) =>
        !/^\.(registry|parkers|anonymous|flight|lives|python)$/.test(name) &&
        !registry().fifoPath(registry().self).endsWith(name),
    )
    .sort();

describe("sweep", { timeout }, () => {
  test("smoke: what a killed process had goes, what a living one has stays", async () => {
    const before = things();
    const living = Party.process();
    await living.order("litter", "living");
    const ofLiving = things();
    assert.ok(ofLiving.length > before.length + 10, ofLiving.join(" "));
    const killed = Party.process();
    await killed.order("litter", "killed");
    await killed.kill();
    assert.ok(things().length > ofLiving.length + 10);
    assert.equal(sweep(), 1);
    assert.deepEqual(things(), ofLiving);
    assert.equal(sweep(), 0, "once is enough");
    await living.end();
    rmSync(
      join(
        directory,
        ".flight",
        things()
          .find((name) => name.includes(".new-"))
          ?.slice(8) as string,
      ),
      { recursive: true },
    );
    assert.deepEqual(things(), before, "an orderly end leaves nothing to sweep");
  });

  test("what a terminated worker thread had goes, though its process lives", async () => {
    const before = things();
    assert.ok(existsSync(ownLifeLine));
    const party = Party.worker();
    await party.order("litter", "worker's");
    await party.kill();
    assert.equal(sweep(), 1);
    assert.deepEqual(things(), before, "but for the life line, which is the process's");
  });

  test("a stopped process's things stay", async () => {
    const before = things();
    const party = Party.process();
    await party.order("litter", "stopped");
    const whole = things();
    process.kill(party.pid, "SIGSTOP");
    await until(() => stateOf(party.pid) === "T");
    assert.equal(sweep(), 0);
    assert.deepEqual(things(), whole);
    await party.kill();
    assert.equal(sweep(), 1);
    assert.deepEqual(things(), before);
  });

  test("a handle that a killed process had shared is gone, and one that a living one shares can be taken", async () => {
    const [living, killed] = [Party.process(), Party.process()];
    const [there, gone] = [await living.order("litter", "living"), await killed.order("litter", "killed")];
    await killed.kill();
    sweep();
    for (const ticket of Object.values(gone)) assert.throws(() => attach(ticket), { code: "ERR_INTERPROC_NOT_FOUND" });
    using value = attach<SharedValue<"i32">>(there.value);
    assert.equal(value.value, 7);
    using end = attach<Connection>(there.end);
    assert.ok(!end.closed);
    await living.kill();
    sweep();
    using again = SharedValue.open("living");
    assert.equal(again.value, 7, "who has taken it keeps it");
  });

  test("the peer of an end that nobody will take is told so: a killed sharer's, and one in a killed carrier", async () => {
    for (const form of ["loop", "call"] as const) {
      const party = Party.process();
      const { pipe: ticket } = await party.order("litter", "sharer");
      using mine = attach<Connection>(ticket);
      await party.kill();
      if (form === "call") {
        sweep();
        assert.throws(() => mine.recvSync(), { code: "ERR_INTERPROC_EOF" });
      } else {
        const received = mine.recv();
        sweep();
        await assert.rejects(received, { code: "ERR_INTERPROC_EOF" });
      }
    }
  });

  test("a message's handles that a killed receiver had not taken go with the pipe", async () => {
    const party = Party.process();
    await party.order("attach");
    const [near, far] = pipe();
    const value = new SharedValue("i32", 1);
    const [deep, deeper] = pipe();
    near.trySend([value, deep]);
    await party.order("take", share(far));
    await party.kill();
    await assert.rejects(near.recv(), { code: "ERR_INTERPROC_EOF" });
    sweep();
    assert.ok(!deeper.closed);
    near.close();
    await assert.rejects(deeper.recv(), { code: "ERR_INTERPROC_EOF" });
    deeper.close();
    value.close();
  });

  test("a sweeper killed before or after one of its kernel calls leaves what the next one finishes, and the living are spared", async () => {
    const before = things();
    const living = Party.process();
    await living.order("litter", "living");
    const ofLiving = things();
    for (const name of ["one", "two"]) {
      const party = Party.process();
      await party.order("litter", name);
      await party.kill();
    }
    let kills = 0;
    for (let point = 0, output = ""; output !== "done"; point += isFull ? 3 : 7) {
      const outcome = await runProgram(["memory-die-at", "sweep", point]);
      ({ output } = outcome);
      if (output !== "done") kills++;
      for (const name of ofLiving) assert.ok(existsSync(join(directory, name)), `${name} after ${point} calls`);
    }
    assert.ok(kills > (isFull ? 6 : 4), `${kills} kills`);
    sweep();
    assert.deepEqual(things(), ofLiving);
    await living.kill();
    sweep();
    assert.deepEqual(things(), before);
  });

  test("several may sweep at once", async () => {
    const before = things();
    const killed = [Party.process(), Party.worker(), Party.process()];
    for (const [index, party] of killed.entries()) await party.order("litter", `${index}`);
    for (const party of killed) await party.kill();
    const outcomes = await Promise.all([1, 2, 3].map(() => runProgram(["memory-die-at", "sweep", -1])));
    for (const { output } of outcomes) assert.equal(output, "done");
    assert.deepEqual(things(), before);
    assert.equal(sweep(), 0);
  });

  test("a life line that its process has just made, and not opened yet, is spared; a dead one's goes", async () => {
    const dead = Party.process();
    const owner = await dead.order("attach");
    const [making, left] = [registry().self, owner].map((of) => join(directory, ".lives", `${of}.0123`));
    for (const path of [making, left]) assert.equal(addon().mkfifo(path, 0o600), 0);
    await dead.kill();
    assert.equal(sweep(), 1);
    assert.deepEqual([existsSync(making), existsSync(left)], [true, false]);
    rmSync(making);
  });

  test("a carrier is spared while its lock is held or it is being made, and goes with what is in it when not", async () => {
    const value = makeValue(registry(), { name: "carried" });
    const folder = join(directory, ".flight", "share-here");
    mkdirSync(folder);
    const alive = join(folder, "alive");
    const fd = addon().open(alive, constants.O_RDWR | constants.O_CREAT, 0o600);
    assert.equal(isLocked(alive), false);
    addon().lock(fd, 2 ** 40 - 1, 0);
    assert.equal(isLocked(alive), true);
    mkdirSync(unfinishedFolder("spawn-mine"));
    makeLink(folder, value);
    await killSomebody();
    sweep();
    assert.equal(value.linksInFlight(), 1);
    assert.ok(existsSync(unfinishedFolder("spawn-mine")));
    addon().close(fd);
    rmSync(unfinishedFolder("spawn-mine"), { recursive: true });
    await killSomebody();
    sweep();
    assert.deepEqual([value.linksInFlight(), existsSync(folder)], [0, false]);
    value.words.store(value.entry(0), 0);
    await killSomebody();
    sweep();
    assert.equal(
      value.find(),
      undefined,
      "an object whose last holder has gone without a word is an orphan, and goes too",
    );
  });

  test("what is nobody's stays, and hinders nobody: files, folders and strange names", async () => {
    const strange = [".flight/file", ".parkers/note", ".parkers/1.2.3", "notes.txt"];
    for (const name of strange) writeFileSync(join(directory, name), "mine");
    mkdirSync(join(directory, "folder"));
    mkdirSync(join(directory, ".lives", "folder"));
    await killSomebody();
    assert.equal(sweep(), 1);
    assert.ok(existsSync(join(directory, "notes.txt")) && existsSync(join(directory, "folder")));
    for (const name of [...strange, "folder", ".lives/folder"])
      rmSync(join(directory, name), { recursive: true, force: true });
  });
});

async function killSomebody(): Promise<void> {
  const party = Party.worker();
  await party.order("attach");
  await party.kill();
}
