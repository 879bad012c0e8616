import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { join as attach, leave, removeIfLast, unlinkName } from "#src/memory/attachments.js";
import { attachmentEntry, objectHeader } from "#src/memory/object.layout.js";
import { CLOSED, IN_FLIGHT } from "#src/memory/owner.js";
import { Registry } from "#src/memory/registry.js";
import { openSegment, type Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { dropLink, makeLink, removeLink } from "#src/primitives/flight.js";
import { sweep } from "#src/primitives/sweep.js";
import { isWhole, makeValue } from "./make-value.js";
import { OwnDirectory } from "./own-directory.js";
import { Party } from "./party.js";
import { stateOf, until } from "./processes.js";
import { runProgram } from "./run-program.js";

const timeout = 150_000;
const isFull = process.env.INTERPROC_TEST === "full";
const [LIVE, REMOVED] = [0, 1];
const open = (home: Registry, name: string): Segment => openSegment(home, join(home.directory, name), "value", name);
const ownerOf = (segment: Segment, index: number): number =>
  segment.words.load(segment.entry(index) + attachmentEntry.word.owner);

describe("attachments", { timeout }, () => {
  test("smoke: the last of an object's holders takes it away, not the first", () => {
    using own = new OwnDirectory();
    const [home, other] = [own.attach(), own.attach()];
    const made = makeValue(home, { name: "it" });
    const opened = open(other, "it");
    const index = attach(opened);
    assert.deepEqual([index, ownerOf(made, 0), ownerOf(made, 1)], [1, home.self, other.self]);
    leave(made, 0);
    assert.deepEqual([existsSync(join(own.path, "it")), ownerOf(opened, 0)], [true, 0]);
    leave(opened, index);
    assert.ok(!existsSync(join(own.path, "it")));
    assert.equal(attach(opened), -1, "whoever had it open is told that it is gone");
    assert.equal(ownerOf(opened, 0), 0);
  });

  test("an object made to stay stays without a holder, until its name is taken away", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it", persist: true });
    leave(made, 0);
    const again = open(home, "it");
    const index = attach(again);
    unlinkName(again);
    assert.deepEqual([existsSync(join(own.path, "it")), again.persists, again.isNamed], [false, false, false]);
    leave(again, index);
    assert.deepEqual(own.objects(), []);
  });

  test("a holder that was killed counts as out, also if it was the last but one", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const creator = Party.process();
    await creator.order("create", "it");
    const opened = open(home, "it");
    const index = attach(opened);
    const third = Party.process();
    await third.order("open", "it");
    await creator.kill();
    await third.kill();
    assert.ok(existsSync(join(own.path, "it")));
    leave(opened, index);
    assert.deepEqual(own.objects(), []);
  });

  test("a stopped holder keeps the object", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const holder = Party.process();
    await holder.order("create", "it");
    process.kill(holder.pid, "SIGSTOP");
    await until(() => stateOf(holder.pid) === "T");
    const opened = open(home, "it");
    leave(opened, attach(opened));
    assert.ok(existsSync(join(own.path, "it")));
    process.kill(holder.pid, "SIGCONT");
    await holder.order("close", "it");
    assert.deepEqual(own.objects(), []);
    await holder.end();
  });

  test("one holder more than maxAttached is a SystemError, and the place of a dead one is free", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it", maxAttached: 2 });
    const second = Party.process();
    await second.order("open", "it");
    const third = own.attach();
    const opened = open(third, "it");
    assert.throws(() => attach(opened), {
      code: "ERR_INTERPROC_SYSTEM",
      errno: "EAGAIN",
      retryable: true,
      resource: "it",
      message: 'value "it": attach, and its 2 places are taken (option maxAttached when it is made)',
    });
    const dead = ownerOf(made, 1);
    await second.kill();
    assert.equal(attach(opened), 1);
    assert.deepEqual([ownerOf(made, 1), ownerOf(made, 1) === dead], [third.self, false]);
    leave(opened, 1);
    for (const word of [IN_FLIGHT, CLOSED]) {
      made.words.store(made.entry(1) + attachmentEntry.word.owner, word);
      assert.throws(() => attach(opened), { errno: "EAGAIN" }, "an end in flight, or closed, is no free place");
    }
    leave(made, 0);
    assert.deepEqual(own.objects(), []);
  });

  test("unlinkName() frees the name at once, holders keep the object, and the second time it is a NotFoundError", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const old = makeValue(home, { name: "it" });
    unlinkName(old);
    assert.deepEqual(own.objects(), [`.anonymous/${old.id}`]);
    assert.throws(() => unlinkName(old), {
      code: "ERR_INTERPROC_NOT_FOUND",
      resource: "it",
      message: 'value "it": unlink, and it has no name any more',
    });
    const young = makeValue(home, { name: "it" });
    assert.deepEqual([old.linksInFlight(), young.linksInFlight()], [0, 0]);
    leave(old, 0);
    assert.deepEqual(own.objects(), ["it"]);
    leave(young, 0);
    assert.throws(() => unlinkName(young), { code: "ERR_INTERPROC_NOT_FOUND" });
    assert.throws(() => unlinkName(makeValue(home)), { code: "ERR_INTERPROC_NOT_FOUND" });
  });

  test("a handle in flight keeps the object, named or not any more, until it is taken or dropped", () => {
    const home = registry();
    const folder = join(home.directory, ".flight", "test");
    const made = makeValue(home, { name: "it" });
    const links = [makeLink(folder, made)];
    unlinkName(made);
    links.push(makeLink(folder, made));
    assert.equal(made.linksInFlight(), 2);
    leave(made, 0);
    assert.ok(made.find());
    for (const link of links) {
      const taken = openSegment(home, join(folder, link), "value", "it");
      const index = attach(taken);
      assert.ok(isWhole(taken) && index >= 0 && taken.id === made.id);
      removeLink(folder, link);
      leave(taken, index);
    }
    assert.equal(made.find(), undefined);
    assert.throws(() => makeLink(folder, made), {
      code: "ERR_INTERPROC_NOT_FOUND",
      message: /hand over, and its file is gone/,
    });
    rmSync(folder, { recursive: true });
  });

  test("whoever decided to spare an object for a handle looks again, in case that was dropped meanwhile", () => {
    const other = Registry.attach();
    const folder = join(other.directory, ".flight", "test");
    const made = makeValue(other, { name: "it" });
    const link = makeLink(folder, made);
    const { words } = made;
    const store = words.store.bind(words);
    words.store = (index, value) => {
      if (index === objectHeader.word.life && value === LIVE && existsSync(join(folder, link))) dropLink(folder, link);
      store(index, value);
    };
    leave(made, 0);
    assert.equal(made.find(), undefined);
    rmSync(folder, { recursive: true });
    other.leave();
  });

  test("a name that was removed by hand and taken anew is never removed, renamed or handed on by the old one's holders", () => {
    const home = registry();
    const folder = join(home.directory, ".flight", "test");
    const old = makeValue(home, { name: "it" });
    unlinkSync(join(home.directory, "it"));
    const young = makeValue(home, { name: "it" });
    assert.equal(old.find(), undefined);
    assert.equal(old.linksInFlight(), 0);
    assert.throws(() => makeLink(folder, old), { code: "ERR_INTERPROC_NOT_FOUND" });
    assert.throws(() => unlinkName(old), { code: "ERR_INTERPROC_NOT_FOUND" });
    leave(old, 0);
    assert.deepEqual(young.find(), { path: join(home.directory, "it"), links: 1 });
    const link = makeLink(folder, young);
    assert.equal(young.linksInFlight(), 1);
    removeLink(folder, link);
    leave(young, 0);
    assert.ok(!existsSync(join(home.directory, "it")));
    rmSync(folder, { recursive: true });
  });

  test("a copy of an object's file never takes the object away, nor a header that names a path elsewhere", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it" });
    const bytes = readFileSync(made.path);
    const dead = own.attach();
    own.abandon(dead);
    bytes.writeUInt32LE(dead.self >>> 0, objectHeader.bytes + attachmentEntry.offset.owner);
    writeFileSync(join(own.path, "elsewhere"), "mine");
    for (const name of ["it", "../elsewhere", `../${own.path.split("/").at(-1)}/it`]) {
      bytes.fill(0, objectHeader.offset.name, objectHeader.offset.name + 208).write(name, objectHeader.offset.name);
      writeFileSync(join(own.path, "copy"), bytes, { mode: 0o600 });
      removeIfLast(openSegment(home, join(own.path, "copy"), "value", "copy"));
      assert.ok(made.find() && existsSync(join(own.path, "elsewhere")));
      rmSync(join(own.path, "copy"));
    }
    rmSync(join(own.path, "elsewhere"));
    leave(made, 0);
  });

  describe("a thread that is killed while it decides", () => {
    /** An object whose `life` a dead thread has, with a second, living holder. */
    function undecided(own: OwnDirectory): { home: Registry; held: Segment } {
      const [home, dead] = [own.attach(), own.attach()];
      const held = makeValue(home, { name: "it", persist: true });
      own.abandon(dead);
      held.words.store(objectHeader.word.life, dead.self);
      return { home, held };
    }

    test("before it has done anything changes nothing", () => {
      using own = new OwnDirectory();
      const { home, held } = undecided(own);
      const opened = open(home, "it");
      assert.equal(attach(opened), 1);
      assert.deepEqual([held.words.load(objectHeader.word.life), opened.persists], [LIVE, true]);
    });

    test("after the file is gone leaves an object that nobody joins any more", () => {
      using own = new OwnDirectory();
      const { home, held } = undecided(own);
      const opened = open(home, "it");
      unlinkSync(held.path);
      assert.equal(attach(opened), -1);
      assert.deepEqual([held.words.load(objectHeader.word.life), ownerOf(held, 1)], [REMOVED, 0]);
      assert.equal(removeIfLast(held), false);
    });

    test("between taking the name away and noting it has the next one note it", () => {
      using own = new OwnDirectory();
      for (const next of ["join", "unlink", "leave"]) {
        const { home, held } = undecided(own);
        const opened = open(home, "it");
        renameSync(held.path, held.anonymousPath);
        const young = makeValue(home, { name: "it" });
        if (next === "unlink") assert.throws(() => unlinkName(held), { code: "ERR_INTERPROC_NOT_FOUND" });
        const index = next === "join" ? attach(opened) : -1;
        if (index >= 0) assert.deepEqual([held.isNamed, held.persists, index], [false, false, 1]);
        leave(held, 0);
        if (index >= 0) leave(opened, index);
        assert.deepEqual(own.objects(), ["it"], next);
        leave(young, 0);
        assert.deepEqual(own.objects(), []);
      }
    });

    test("is never waited for, unlike one that lives; one that lives and does not go on is an error after a while", () => {
      using own = new OwnDirectory();
      const { home, held } = undecided(own);
      const other = own.attach();
      held.words.store(objectHeader.word.life, other.self);
      const opened = open(home, "it");
      const expected = {
        code: "ERR_INTERPROC_SYSTEM",
        errno: "EBUSY",
        retryable: true,
        message: new RegExp(
          `value "it": attach, and another thread \\(process ${process.pid}\\) has been removing .*is it stopped\\?`,
        ),
      };
      assert.throws(() => attach(opened), expected);
      assert.equal(ownerOf(held, 1), 0, "and takes no place");
      own.abandon(other);
      assert.equal(attach(opened), 1);
    });

    test("before or after any kernel call leaves nothing that the next sweep does not finish", async () => {
      const home = registry();
      const path = join(home.directory, "it");
      const points = { close: 0, unlink: 0 };
      for (const what of ["close", "unlink"] as const)
        for (let output = ""; output !== "done"; points[what]++) {
          const held = makeValue(home, { name: "it", persist: what === "unlink" });
          if (what === "close") {
            held.words.store(held.entry(0) + attachmentEntry.word.owner, 0); // the other process shall be the last one
            ({ output } = await runProgram(["memory-die-at", what, points[what]]));
            sweep();
          } else {
            ({ output } = await runProgram(["memory-die-at", what, points[what]]));
            sweep();
            if (existsSync(path)) unlinkName(held);
            leave(held, 0);
          }
          assert.ok(!existsSync(path), `${what}, call ${points[what]}`);
          assert.equal(held.find(), undefined);
          held.unmap();
        }
      assert.ok(points.close > 3 && points.unlink > 3, JSON.stringify(points));
    });
  });

  test("thousands of times, processes open, make and leave the same names at once: no error but NotFound, no orphan", async () => {
    using own = new OwnDirectory();
    const rounds = isFull ? 4000 : 1200;
    for (const unlink of [[], ["unlink"]]) {
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map((seed) => runProgram(["memory-churn", rounds, seed, ...unlink])),
      );
      const sum: Record<string, number> = {};
      for (const { output } of outcomes) {
        const report = JSON.parse(output.split("\n")[1]);
        assert.deepEqual([report.error, report.round], [undefined, rounds]);
        for (const [name, count] of Object.entries(report)) sum[name] = (sum[name] ?? 0) + Number(count);
      }
      assert.ok(sum.opened > 100 && sum.made > 100 && sum.removed > 0, JSON.stringify(sum));
      assert.deepEqual(own.list(), [], "the registry too went with the last of them");
    }
  });
});
