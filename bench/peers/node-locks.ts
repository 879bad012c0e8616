import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Barrier, type Connection, isMain, Lock, pipe, Semaphore, SharedMemory, spawn, task } from "interproc";
import { answer } from "../answer.js";
import {
  type Contended,
  contendedFigures,
  excludes,
  type LocksQuestion,
  ringStart,
  ringStep,
} from "../locks-question.js";
import { type Figures, measureRoundTrips } from "../rounds.js";
import { type BenchedLock, type LockPlace, makeOwnLock, openLock } from "./benched-lock.js";

/*
 * Our locks, and those of others that a Node program can use; mode "mkdir" is proper-lockfile, "SET NX" is Redis. The
 * contenders are processes of ours, and what they share beside the lock is memory of ours.
 */
export const contender = task(
  import.meta,
  async function contender(
    place: LockPlace,
    memory: SharedMemory,
    barrier: Barrier,
    question: LocksQuestion,
  ): Promise<Contended> {
    const lock = await openLock(place, question);
    const counter = excludes(question) ? new Int32Array(memory.buffer) : new Int32Array(1);
    let batch = 1;
    let raised = 0;
    const until = async (deadline: number, grow: boolean): Promise<number> => {
      let turns = 0;
      for (let now = nanosNow(); now < deadline; ) {
        const pending = lock.turns(counter, batch);
        if (pending) await pending;
        turns += batch;
        const then = now;
        now = nanosNow();
        // The clock is read between batches, which grow until one lasts a few tenths of a millisecond.
        if (grow && now - then < 2e5) batch *= 2;
      }
      raised += turns;
      return turns;
    };
    await until(nanosNow() + Math.max(0.1, question.seconds / 4) * 1e9, true);
    await barrier.wait();
    const startNanos = nanosNow();
    const turns = await until(startNanos + question.seconds * 1e9, false);
    const endNanos = nanosNow();
    lock.close?.();
    return { startNanos, endNanos, turns, raised };
  },
);

/** The second process of a hand-over: so many steps each time it is told. */
export const partner = task(
  import.meta,
  async function partner(
    places: LockPlace[],
    rounds: Connection<"ready", number>,
    question: LocksQuestion,
  ): Promise<void> {
    const locks = await Promise.all(places.map((place) => openLock(place, question)));
    if (!signals(question)) for (const index of ringStart.second) await locks[index]?.acquire();
    await rounds.send("ready");
    let k = 0;
    for await (const count of rounds) {
      for (let i = 0; i < count; i++) {
        const { gives, takes } = step(question, k++);
        const taken = locks[gives]?.acquire();
        if (taken) await taken;
        const given = locks[takes]?.release();
        if (given) await given;
      }
    }
    for (const lock of locks) lock.close?.();
  },
);

if (isMain(import.meta)) {
  answer<LocksQuestion>(async (question) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
    try {
      return question.measure === "turns" ? await turns(question, folder) : await handOvers(question, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function turns(question: LocksQuestion, folder: string): Promise<Figures> {
  const place = placeOf(question, folder, 0);
  const memory = new SharedMemory({ size: 4 });
  const barrier = new Barrier(question.contenders);
  const children = Array.from({ length: question.contenders }, () =>
    spawn(contender, [place, memory, barrier, question]),
  );
  const done = await Promise.all(children.map((child) => child.result()));
  const raised = done.reduce((sum, one) => sum + one.raised, 0);
  const counted = new Int32Array(memory.buffer)[0] ?? 0;
  if (excludes(question) && counted !== (raised | 0)) {
    throw new Error(`${question.mode}: ${raised} turns counted to ${counted}; two were inside at once`);
  }
  checkFree(place, question);
  await Promise.all(children.map((child) => child.join()));
  return contendedFigures(done);
}

/** @throws Error if one of our locks is not as it was at first */
function checkFree(place: LockPlace, { mode }: LocksQuestion): void {
  if (place instanceof Lock && place.isLocked) throw new Error(`${mode}: locked after the last release`);
  if (place instanceof Semaphore && !mode.startsWith(`Semaphore(${place.value})`)) {
    throw new Error(`${mode}: ${place.value} permits after the last release`);
  }
}

async function handOvers(question: LocksQuestion, folder: string): Promise<Figures> {
  const places = Array.from({ length: signals(question) ? 2 : 3 }, (_, index) => placeOf(question, folder, index));
  const locks: BenchedLock[] = await Promise.all(places.map((place) => openLock(place, question)));
  if (!signals(question)) for (const index of ringStart.first) await locks[index]?.acquire();
  const [rounds, theirs] = pipe<number, "ready">();
  const child = spawn(partner, [places, theirs, question]);
  await rounds.recv();
  let k = 0;
  const figures = await measureRoundTrips(question.seconds, async (micros) => {
    await rounds.send(micros.length);
    for (let i = 0; i < micros.length; i++) {
      const { gives, takes } = step(question, k++);
      const start = performance.now();
      const given = locks[gives]?.release();
      if (given) await given;
      const taken = locks[takes]?.acquire();
      if (taken) await taken;
      micros[i] = (performance.now() - start) * 1000;
    }
  });
  rounds.close();
  await child.join();
  for (const lock of locks) lock.close?.();
  return figures;
}

/** Whether two semaphores of no permits are counted up by one process and down by the other. */
function signals({ mode }: LocksQuestion): boolean {
  return mode.startsWith("Semaphore(0)");
}

function step(question: LocksQuestion, k: number): { gives: number; takes: number } {
  return signals(question) ? { gives: 0, takes: 1 } : ringStep(k);
}

function placeOf({ mode }: LocksQuestion, folder: string, index: number): LockPlace {
  return mode === "mkdir" || mode === "SET NX" ? join(folder, `lock-${index}`) : makeOwnLock(mode);
}

/** The monotonic clock, which all processes of a machine share. */
function nanosNow(): number {
  return Number(process.hrtime.bigint());
}
