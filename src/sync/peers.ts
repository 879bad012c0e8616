import { constants } from "node:fs";
import type { Registry } from "../memory/registry.js";
import { addon } from "../native/addon.js";
import { NOTIFIED } from "./parker.layout.js";

const MOST_KEPT = 256;

interface Door {
  fd: number;
  watched: boolean;
}

/**
 * The doors of other threads: their FIFOs, opened for writing and kept. A byte in one wakes the other's event loop; its
 * hang-up is the alarm that the other is gone (the lock byte of its slot remains the truth).
 */
export class Peers {
  private readonly doors = new Map<number, Door>();
  private seenDeath = 0;

  constructor(private readonly registry: Registry) {}

  /** Puts a byte into the thread's FIFO. */
  poke(owner: number): void {
    const door = this.open(owner);
    if (door && addon().poke(door.fd) < 0) this.forget(owner);
  }

  /** From now on this thread's parker is notified when the other thread ends. False: it is gone already. */
  watch(owner: number): boolean {
    if (owner === this.registry.self) return true;
    const door = this.open(owner);
    if (!door) return false;
    if (door.watched) return true;
    const { registry } = this;
    const parker = registry.parkerOf(registry.self);
    const note = registry.lastDeathWord;
    door.watched =
      addon().watchAlarm(door.fd, registry.buffer, parker * 4, NOTIFIED, note * 4, owner, registry.fifo) >= 0;
    return true;
  }

  forget(owner: number): void {
    const door = this.doors.get(owner);
    if (!door) return;
    this.doors.delete(owner);
    if (door.watched) addon().unwatch(door.fd);
    addon().close(door.fd);
  }

  /** Closes the doors of threads that have ended. */
  forgetDead(): void {
    for (const [owner, { watched }] of this.doors) {
      if (this.registry.isAlive(owner)) continue;
      this.forget(owner);
      if (watched) this.tellDeath(owner);
    }
  }

  /** What the watcher thread would have done, had its watch not been taken back. */
  private tellDeath(owner: number): void {
    const { registry } = this;
    registry.words.store(registry.lastDeathWord, owner);
    registry.words.store(registry.parkerOf(registry.self), NOTIFIED);
    addon().poke(registry.fifo);
  }

  private open(owner: number): Door | undefined {
    const known = this.doors.get(owner);
    if (known) return known;
    const death = this.registry.words.load(this.registry.lastDeathWord);
    if (death !== this.seenDeath) {
      this.seenDeath = death;
      this.forgetDead();
    }
    const fd = addon().open(this.registry.fifoPath(owner), constants.O_WRONLY | constants.O_NONBLOCK, 0);
    if (fd < 0) return undefined; // no such FIFO, or nobody reads it: the thread is gone
    if (this.doors.size >= MOST_KEPT) this.forget(this.doors.keys().next().value as number);
    const door = { fd, watched: false };
    this.doors.set(owner, door);
    return door;
  }
}
