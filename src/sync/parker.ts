/*
 * Parker: the one place that sleeps.
 *
 * Idea    A thread sleeps on its own parker word only (in the registry), whatever it waits for and however many things.
 *         An object knows by a bitmap which attachments wait; whoever changes it wakes their threads: by futex when
 *         asleep in a Sync form, by one byte in the thread's FIFO when asleep in the event loop, not at all when awake.
 * States  awake -> asleep in a call -> notified -> awake;   awake -> asleep in the loop -> notified -> awake
 * Order   sleeper: bit, then parker word, then look again     changer: change, then bitmap, then parker word
 *         Both sequentially consistent: if the sleeper's last look misses the change, the changer's look at the bitmap
 *         finds the bit, and its exchange finds the sleeper asleep.
 * Death   A changer killed between change and wake leaves the sleeper asleep: every sleep ends after at most 2 ms,
 *         rising to 50, in a call (10 ms, rising to 250, in the loop) and looks again, also at who is alive. The death of a thread that is waited
 *         for is told at once by its FIFO's hang-up, which the watcher thread turns into a notification. The hang-up may
 *         come a moment before the lock byte is free: then the next looks follow after 1, 2, 4 … ms.
 * Limits  Before it sleeps a call spins for 20 µs, and the loop polls by setImmediate for 50 µs while recent polls
 *         succeeded; for 100 µs while recent sleeps were shorter than that (see patience.ts); neither with one processor.
 * Source  Rust's thread::park, Concurrency Kit's ck_ec, folly's EventCount.
 */
import { now } from "../deadline.js";
import type { Registry } from "../memory/registry.js";
import { registry } from "../memory/this-thread.js";
import { addon } from "../native/addon.js";
import { type LoopDoor, openLoopDoor } from "./loop-door.js";
import { ASLEEP_IN_CALL, ASLEEP_IN_LOOP, AWAKE, NOTIFIED } from "./parker.layout.js";
import { Patience } from "./patience.js";
import { Peers } from "./peers.js";
import { movedBy, type Wait } from "./wait.js";
import { WaitLine } from "./wait-line.js";

/** So long a sleep in a call lasts at most, and the first one in the loop, unless a death makes it shorter. */
export const CALL_RECHECK_MS = 50;
const CALL_RECHECK_FIRST_MS = 2;
export const LOOP_RECHECK_MS = 10;
const LOOP_RECHECK_MOST_MS = 250;
const DEATH_RECHECK_MS = 1;
/** Looking before a sleep: at least, and at most while recent sleeps were shorter than that. */
const SPIN_MS = 0.02;
const SPIN_MOST_MS = 0.1;
const POLL_MS = 0.05;
const POLL_MOST_MS = 0.1;

type Mode = "idle" | "polling" | "asleep";

export class Parker {
  private readonly waits = new WaitLine();
  private readonly word: number;
  /** Other threads' FIFOs. */
  readonly peers: Peers;
  /** Wakes that are held back until this thread waits itself (see held-wakes.ts). */
  readonly holding = new Set<{ flush(): void }>();
  private door: LoopDoor | undefined;
  private held = false;
  private mode: Mode = "idle";
  private ticking = false;
  private pollingSince = 0;
  private asleepSince = 0;
  private moved = 0;
  private readonly spinPatience = new Patience(SPIN_MS, SPIN_MOST_MS);
  private readonly pollPatience = new Patience(POLL_MS, POLL_MOST_MS);
  private timer: NodeJS.Timeout | undefined;
  private recheckMs = LOOP_RECHECK_MS;
  private seenDeath: number;
  private isToRecheck = false;
  private readonly tick = (): void => {
    this.ticking = false;
    this.look();
  };

  constructor(readonly registry: Registry) {
    this.word = registry.parkerOf(registry.self);
    this.seenDeath = registry.words.load(registry.lastDeathWord);
    this.peers = new Peers(registry);
  }

  /** Wakes a thread that may be asleep. Two atomic accesses when it is not. False: there is no such thread any more. */
  wake(owner: number): boolean {
    const { registry } = this;
    if (owner === registry.self) {
      if (this.waits.size > 0) this.lookSoon();
      return true;
    }
    const parker = registry.parkerOf(owner);
    if (parker < 0) return false;
    const state = registry.words.load(parker);
    if (state === AWAKE || state === NOTIFIED) return true; // it looks again before it sleeps
    const before = registry.words.exchange(parker, NOTIFIED); // publishes: notification
    if (before === ASLEEP_IN_CALL) addon().futexWake(registry.buffer, parker * 4, 1);
    else if (before === ASLEEP_IN_LOOP) this.peers.poke(owner);
    return true;
  }

  /** Whether waking a thread now would take it out of its event loop's sleep. */
  isAsleepInLoop(owner: number): boolean {
    return this.stateOf(owner) === ASLEEP_IN_LOOP;
  }

  /** Whether waking a thread now would cost a system call. */
  isAsleep(owner: number): boolean {
    const state = this.stateOf(owner);
    return state === ASLEEP_IN_LOOP || state === ASLEEP_IN_CALL;
  }

  /** Blocks this thread until an attempt of one of the waits succeeds. False: the deadline came first. */
  waitSync(waits: readonly Wait[], deadline: number): boolean {
    if (this.holding.size > 0) this.giveHeldWakes();
    if (this.spin(waits, deadline)) return true;
    if (now() >= deadline) return false;
    try {
      for (const wait of waits) wait.arm();
      return this.sleepInCall(waits, deadline);
    } finally {
      for (const wait of waits) wait.disarm();
      if (this.waits.size > 0) {
        this.isToRecheck = true; // the blocked call took the alarms of those in the loop
        this.lookSoon();
      }
    }
  }

  /** Waits in the event loop: attempts follow wakes until one succeeds. */
  start(wait: Wait): void {
    if (this.holding.size > 0) this.giveHeldWakes();
    this.waits.add(wait);
    if (this.ticking) return;
    const polls = wait.holdsLoop && this.pollPatience.ms > 0;
    if (this.mode === "asleep") {
      if (!polls) return this.joinSleep(wait);
      if (this.wakeUp()) this.recheckAll();
    }
    this.pollingSince = now();
    if (polls) this.poll();
    else this.sleepInLoop();
  }

  /** Gives a wait up (or ends one that has succeeded). */
  stop(wait: Wait): void {
    if (!this.waits.delete(wait)) return;
    wait.disarm();
    if (this.waits.size === 0) this.rest();
    else this.holdIfNeeded();
  }

  /** A wait's `holdsLoop` has changed. */
  holdsChanged(): void {
    if (this.mode === "asleep") this.holdIfNeeded();
  }

  /** Has a wait sleep along with the others. */
  private joinSleep(wait: Wait): void {
    wait.arm();
    if (!this.watchPeers(wait)) {
      this.hurry();
      this.timer ??= this.recheckLater();
    }
    if (wait.attempt()) this.stop(wait);
    else this.holdIfNeeded();
  }

  /** From now on this thread looks by itself. True: others notified it while it slept. */
  private wakeUp(): boolean {
    const isNotified = this.registry.words.exchange(this.word, AWAKE) === NOTIFIED;
    this.lookForDeaths();
    this.mode = "polling";
    return isNotified;
  }

  private stateOf(owner: number): number {
    const parker = this.registry.parkerOf(owner);
    return parker < 0 ? AWAKE : this.registry.words.load(parker);
  }

  private giveHeldWakes(): void {
    for (const one of this.holding) one.flush();
  }

  private spin(waits: readonly Wait[], deadline: number): boolean {
    for (const wait of waits) if (wait.attempt()) return true;
    const limit = this.spinPatience.ms;
    if (limit === 0) return false;
    let end = now() + limit;
    let moved = movedBy(waits);
    for (;;) {
      for (let i = 0; i < 8; i++)
        for (const wait of waits)
          if (wait.attempt()) {
            this.spinPatience.paid();
            return true;
          }
      const at = now();
      if (at >= end || at >= deadline) return false;
      const since = movedBy(waits);
      if (since === moved) continue;
      moved = since;
      end = at + this.spinPatience.ms;
      this.spinPatience.paid();
    }
  }

  private sleepInCall(waits: readonly Wait[], deadline: number): boolean {
    const { registry, word } = this;
    let moved = movedBy(waits);
    let timedOut = false;
    let slept = 0;
    let recheckMs = CALL_RECHECK_FIRST_MS;
    let death = registry.words.load(registry.lastDeathWord);
    try {
      for (;;) {
        const before = registry.words.exchange(word, ASLEEP_IN_CALL); // observes: notification
        if (before === NOTIFIED) for (const wait of waits) if (wait.attempt()) return true;
        if (before === NOTIFIED || timedOut) for (const wait of waits) wait.recheck();
        const lastDeath = registry.words.load(registry.lastDeathWord);
        if (lastDeath !== death) recheckMs = DEATH_RECHECK_MS;
        death = lastDeath;
        for (const wait of waits) if (wait.attempt()) return true;
        for (const wait of waits)
          if (!this.watchPeers(wait) && recheckMs === CALL_RECHECK_MS) recheckMs = DEATH_RECHECK_MS;
        const since = movedBy(waits);
        if (since !== moved) {
          registry.words.store(word, AWAKE);
          if (this.spin(waits, deadline)) return true;
          moved = movedBy(waits);
          continue;
        }
        const from = now();
        const timeout = Math.min(recheckMs, deadline - from);
        if (timeout <= 0) return false;
        recheckMs = Math.min(recheckMs * 2, CALL_RECHECK_MS);
        timedOut = addon().futexWait(registry.buffer, word * 4, ASLEEP_IN_CALL, timeout) === 1;
        const ms = now() - from;
        slept += ms;
        this.spinPatience.slept(ms);
      }
    } finally {
      registry.words.store(word, AWAKE);
      if (slept > 0) registry.countSleep(slept * 1000);
    }
  }

  private poll(): void {
    this.mode = "polling";
    this.lookSoon();
  }

  private lookSoon(): void {
    if (this.ticking) return;
    this.ticking = true;
    setImmediate(this.tick);
  }

  /** One look at everything that is waited for in the loop. */
  private look(): void {
    if (this.waits.size === 0) return this.rest();
    const wasAsleep = this.mode === "asleep";
    if (wasAsleep) {
      if (this.wakeUp()) this.isToRecheck = true;
      this.pollPatience.slept(now() - this.asleepSince);
    }
    let progress = this.attemptAll(); // what it was woken for comes first: who looks at who is alive asks the kernel
    if (this.isToRecheck) {
      this.isToRecheck = false;
      this.recheckAll();
      if (this.attemptAll()) progress = true;
    }
    if (progress && !wasAsleep) this.pollPatience.paid();
    if (this.waits.size === 0) return this.rest();
    if (progress) {
      this.pollingSince = now();
      this.recheckMs = Math.min(this.recheckMs, LOOP_RECHECK_MS);
    }
    if (this.ticking) return;
    if (progress || (this.someHold() && now() - this.pollingSince < this.pollPatience.ms)) return this.poll();
    this.sleepInLoop();
  }

  private attemptAll(): boolean {
    let progress = false;
    for (const wait of this.waits) {
      if (!wait.attempt()) continue;
      progress = true;
      if (this.waits.delete(wait)) wait.disarm();
    }
    const moved = movedBy(this.waits);
    if (moved !== this.moved && !progress) progress = true;
    this.moved = moved;
    return progress;
  }

  private sleepInLoop(): void {
    this.mode = "asleep";
    this.asleepSince = now();
    for (const wait of this.waits) {
      wait.arm();
      if (!this.watchPeers(wait)) this.hurry();
    }
    this.door ??= openLoopDoor(this.registry.fifo, () => this.look());
    if (this.registry.words.exchange(this.word, ASLEEP_IN_LOOP) === NOTIFIED) this.recheckAll();
    this.lookForDeaths();
    if (this.attemptAll()) {
      if (this.waits.size === 0) return this.rest();
      this.lookSoon();
    }
    this.holdIfNeeded();
    this.timer ??= this.recheckLater();
  }

  /** Has the next look come soon when the watcher thread has told of a death since the last one. */
  private lookForDeaths(): void {
    const death = this.registry.words.load(this.registry.lastDeathWord);
    if (death === this.seenDeath) return;
    this.seenDeath = death;
    this.recheckMs = LOOP_RECHECK_MS;
    this.hurry();
  }

  /** A peer seems to be dying: has the next looks come soon, each after twice the time. */
  private hurry(): void {
    if (this.recheckMs < LOOP_RECHECK_MS) return;
    this.recheckMs = DEATH_RECHECK_MS;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private recheckAll(): void {
    for (const wait of this.waits) wait.recheck();
  }

  private recheckLater(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timer = undefined;
      this.recheckAll();
      this.recheckMs = Math.min(this.recheckMs * 2, LOOP_RECHECK_MOST_MS);
      if (this.waits.size > 0) {
        this.look();
        if (this.waits.size > 0) this.timer ??= this.recheckLater();
      }
    }, this.recheckMs);
    timer.unref();
    return timer;
  }

  /** Nothing is waited for in the loop. */
  private rest(): void {
    if (this.mode === "asleep") this.registry.words.store(this.word, AWAKE);
    this.mode = "idle";
    this.hold(false);
    this.recheckMs = Math.min(this.recheckMs, LOOP_RECHECK_MS);
  }

  /** False: no alarm will come from one of them, because it is gone, or going and about to give up its lock byte. */
  private watchPeers(wait: Wait): boolean {
    let all = true;
    for (const owner of wait.peers()) {
      if (this.peers.watch(owner)) continue;
      all = false;
      wait.recheck();
    }
    return all;
  }

  private someHold(): boolean {
    for (const wait of this.waits) if (wait.holdsLoop) return true;
    return false;
  }

  private holdIfNeeded(): void {
    this.hold(this.someHold());
  }

  private hold(held: boolean): void {
    if (this.held === held || !this.door) return; // until there is a door, the polling holds the loop
    this.held = held;
    this.door.hold(held);
  }
}

let own: Parker | undefined;

/** This thread's parker. */
export function parker(): Parker {
  own ??= new Parker(registry());
  return own;
}
