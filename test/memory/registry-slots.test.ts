import assert from "node:assert/strict";
import { constants } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { generationOf, LAST_GENERATION, ownerWord, SLOTS, slotOf } from "#src/memory/owner.js";
import { monotonicSeconds, Registry } from "#src/memory/registry.js";
import { LOCK_BASE, registryHeader, registrySlot, SLOT_STRIDE, SLOTS_OFFSET } from "#src/memory/registry.layout.js";
import { addon } from "#src/native/addon.js";
import { openDescriptors } from "./open-descriptors.js";
import { OwnDirectory } from "./own-directory.js";

const timeout = 150_000;
const slotWord = (slot: number, field: keyof typeof registrySlot.word): number =>
  (SLOTS_OFFSET + slot * SLOT_STRIDE) / 4 + registrySlot.word[field];

describe("registry: slots", { timeout }, () => {
  test("smoke: slots are handed out round and round", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    for (let i = 1; i <= 20; i++) {
      const place = own.attach();
      assert.equal(slotOf(place.self), slotOf(mine.self) + i);
      own.leave(place);
    }
    mine.words.store(registryHeader.word.cursor, SLOTS - 1);
    assert.equal(slotOf(own.attach().self), SLOTS - 1);
    assert.equal(
      slotOf(own.attach().self),
      slotOf(mine.self) + 1,
      "behind the last slot comes the first, which is taken",
    );
    mine.words.store(registryHeader.word.cursor, -1);
    assert.ok(own.attach().self);
  });

  test("generations go round without ever being 0", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    mine.words.store(registryHeader.word.cursor, 100);
    mine.words.store(slotWord(100, "generation"), LAST_GENERATION);
    const place = own.attach();
    assert.deepEqual([slotOf(place.self), generationOf(place.self)], [100, 1]);
    mine.words.store(registryHeader.word.cursor, 200);
    mine.words.store(slotWord(200, "generation"), LAST_GENERATION - 1);
    const last = own.attach();
    assert.deepEqual([slotOf(last.self), generationOf(last.self)], [200, LAST_GENERATION]);
    assert.ok(mine.isAlive(last.self) && last.isAlive(place.self));
  });

  test("4,096 threads can attach, one more is a SystemError, and then the place of one that leaves is found", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const fd = addon().open(join(own.path, ".registry"), constants.O_RDWR, 0);
    for (let slot = 0; slot < SLOTS; slot++) {
      if (slot === slotOf(mine.self)) continue;
      assert.equal(addon().lock(fd, LOCK_BASE + slot, 0), 1);
      mine.words.store(slotWord(slot, "generation"), 1);
      mine.words.store(slotWord(slot, "occupied"), 1);
    }
    const descriptors = openDescriptors();
    for (let tries = 0; tries < 3; tries++)
      assert.throws(() => Registry.attach(), {
        code: "ERR_INTERPROC_SYSTEM",
        errno: "EAGAIN",
        retryable: true,
        resource: own.path,
        message: `${own.path} has its 4,096 threads attached; one more is not possible`,
      });
    assert.equal(openDescriptors(), descriptors);
    assert.ok(mine.isAlive(ownerWord(4000, 1)));
    mine.words.store(slotWord(1234, "occupied"), 0);
    addon().unlock(fd, LOCK_BASE + 1234);
    const place = own.attach();
    assert.deepEqual([slotOf(place.self), generationOf(place.self)], [1234, 2]);
    addon().close(fd);
    await turn();
  });

  test("killed threads' slots are spared while there are others, and when there are none a newcomer still gets in", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const killed = own.attach();
    own.abandon(killed);
    mine.words.store(registryHeader.word.cursor, slotOf(killed.self));
    assert.equal(slotOf(own.attach().self), slotOf(killed.self) + 1);
    for (let slot = 0; slot < SLOTS; slot++)
      if (mine.words.load(slotWord(slot, "occupied")) === 0) mine.words.store(slotWord(slot, "occupied"), 1);
    mine.words.store(registryHeader.word.cursor, slotOf(killed.self));
    const newcomer = own.attach();
    assert.deepEqual(
      [slotOf(newcomer.self), generationOf(newcomer.self)],
      [slotOf(killed.self), generationOf(killed.self) + 1],
    );
    assert.ok(mine.isAlive(newcomer.self) && !mine.isAlive(killed.self));
    assert.equal(mine.killed().length, SLOTS - 3);
    for (const owner of mine.killed()) mine.clean(owner);
    assert.deepEqual(mine.killed(), []);
    assert.ok(mine.isAlive(newcomer.self), "cleaning the killed takes nothing from the living");
    mine.clean(killed.self);
    assert.ok(mine.isAlive(newcomer.self));
  });

  test("whoever takes or cleans a killed thread's slot never makes it look alive again", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const killed = own.attach();
    own.abandon(killed);
    // as another thread that is just taking the slot: it has the lock and nothing else yet
    const fd = addon().open(join(own.path, ".registry"), constants.O_RDWR, 0);
    mine.clean(killed.self);
    assert.equal(addon().lock(fd, LOCK_BASE + slotOf(killed.self), 0), 1);
    assert.ok(!mine.isAlive(killed.self));
    addon().close(fd);
  });

  test("a thread that was killed while it attached leaves a slot that is vacant, and a FIFO that the next holder removes", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const slot = slotOf(mine.self) + 1;
    mine.words.store(slotWord(slot, "generation"), 41);
    assert.equal(addon().mkfifo(mine.fifoPath(ownerWord(slot, 42)), 0o600), 0);
    assert.deepEqual(mine.killed(), []);
    assert.equal(own.attach().self, ownerWord(slot, 42));
  });

  test("the registry shows pid, thread, age and name of who holds a slot, for display", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const slot = slotOf(mine.self);
    const at = SLOTS_OFFSET + slot * SLOT_STRIDE;
    const name = Buffer.from(mine.buffer, at + registrySlot.offset.name, 64);
    assert.equal(mine.words.load(slotWord(slot, "pid")), process.pid);
    assert.equal(mine.words.load(slotWord(slot, "thread")), 0);
    assert.equal(name.subarray(0, name.indexOf(0)).toString(), Buffer.from(process.title).subarray(0, 63).toString());
    const [attachedAt] = new Float64Array(mine.buffer, at + registrySlot.offset.attachedAt, 1);
    assert.ok(attachedAt > 0 && attachedAt <= monotonicSeconds());
    mine.countSleep(250);
    mine.countSleep(250);
    assert.equal(new Float64Array(mine.buffer, at + registrySlot.offset.blockedMicroseconds, 1)[0], 500);
    assert.equal(mine.words.load(slotWord(slot, "wakes")), 2);
  });
});
