import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Registry } from "#src/memory/registry.js";
import { addon } from "#src/native/addon.js";
import { AWAKE, NOTIFIED } from "#src/sync/parker.layout.js";
import { Peers } from "#src/sync/peers.js";
import { openDescriptors } from "../memory/open-descriptors.js";
import { OwnDirectory } from "../memory/own-directory.js";
import { Party } from "../memory/party.js";
import { until } from "../memory/processes.js";

const lastDeath = (home: Registry): number => home.words.load(home.lastDeathWord);
const parkerOf = (home: Registry): number => home.words.load(home.parkerOf(home.self));

describe("peers", { timeout: 150_000 }, () => {
  test("smoke: a poke puts a byte into the other's FIFO, and any number of them wakes it once", () => {
    using own = new OwnDirectory();
    const [home, other] = [own.attach(), own.attach()];
    const peers = new Peers(home);
    for (let times = 0; times < 3; times++) peers.poke(other.self);
    assert.equal(addon().drain(other.fifo), 3);
    for (let times = 0; times < 70_000; times++) peers.poke(other.self);
    assert.ok(addon().drain(other.fifo) < 70_000, "a full FIFO takes no more, and says nothing");
    peers.forget(other.self);
  });

  test("the end of a watched thread is told: who it was, and a notification, and a byte to wake the loop", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const peers = new Peers(home);
    for (const kind of ["process", "worker"] as const) {
      const party = Party[kind]();
      const owner = await party.order("attach");
      home.words.store(home.parkerOf(home.self), AWAKE);
      assert.ok(peers.watch(owner) && peers.watch(owner), "watching again is the same");
      assert.notEqual(lastDeath(home), owner);
      await party.kill();
      await until(() => lastDeath(home) === owner);
      await until(() => parkerOf(home) === NOTIFIED);
      await until(() => addon().drain(home.fifo) > 0);
      assert.ok(!home.isAlive(owner));
    }
    peers.forgetDead();
  });

  test("one's own end is watched by nobody, and a dead one cannot be watched any more", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const peers = new Peers(home);
    const party = Party.process();
    const owner = await party.order("attach");
    await party.kill();
    const before = openDescriptors();
    assert.equal(peers.watch(home.self), true);
    assert.equal(peers.watch(owner), false);
    peers.poke(owner);
    assert.equal(openDescriptors(), before);
  });

  test("who is not watched any more is not told of", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const peers = new Peers(home);
    const [first, second] = [Party.process(), Party.process()];
    const owners = [await first.order("attach"), await second.order("attach")];
    for (const owner of owners) peers.watch(owner);
    peers.forget(owners[0]);
    peers.forget(owners[0]);
    await first.kill();
    await second.kill();
    await until(() => lastDeath(home) === owners[1]);
    await until(() => addon().drain(home.fifo) === 1);
  });

  test("many peers keep 256 doors open at most, and those of the dead are closed", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const peers = new Peers(home);
    const others = Array.from({ length: 300 }, () => own.attach());
    peers.watch(others[0].self); // starts the watcher thread, which has descriptors of its own
    const before = openDescriptors();
    for (const other of others) assert.ok(peers.watch(other.self));
    assert.equal(openDescriptors(), before + 255);
    for (const other of others) assert.ok(peers.watch(other.self));
    assert.equal(openDescriptors(), before + 255);
    for (const other of [...others]) own.abandon(other);
    peers.forgetDead();
    assert.equal(openDescriptors(), before - 1 - 600);
  });
});
