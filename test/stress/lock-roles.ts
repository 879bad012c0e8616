/*
 * The roles of the kill run of locks and their family. What each notes:
 *
 * holder     wait, then held TURN PREVIOUS ABANDONED WHOLE, then free, then freed      of a Lock, an RLock
 * writer     the same                        reader   wait, then read and the same four, then free, then freed
 *            wait, then held, then free, then freed                                    of a Semaphore
 *            void          the wait was cancelled
 *            stolen        somebody else wrote into what it held
 * setter     cleared, set                    waiter   wait, then passed or void
 * giver      gave, untaken (after long)      taker    wait, then took WHOLE or void
 * member     wait, then passed INDEX or broken
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  Barrier,
  BrokenBarrierError,
  Condition,
  Lock,
  type LockHold,
  RLock,
  RWLock,
  Semaphore,
  SharedArray,
  SharedEvent,
  TimeoutError,
} from "interproc";
import type { Stage } from "./stage.js";

export const kinds = ["Lock", "RLock", "Semaphore", "SharedEvent", "Condition", "Barrier", "RWLock"] as const;

/** What a lock guards here. Left and right are changed together, and so are given, taken and there. */
const cell = { owner: 0, turn: 1, left: 2, right: 3, there: 4, given: 5, taken: 6 } as const;
const MOST_TOKENS = 20;
const UNTAKEN_MS = 10_000;

export const cellsOf = (object: string): SharedArray<"u32"> =>
  SharedArray.openOrCreate(`${object}-cells`, "u32", Object.keys(cell).length);

export async function act(stage: Stage): Promise<void> {
  const { object, role } = stage.job;
  const { kind, count } = stage.detail;
  using cells = cellsOf(object);
  const at = cells.view as Uint32Array;
  if (role === "setter" || role === "waiter") {
    using event = SharedEvent.openOrCreate(object);
    stage.begun();
    await (role === "setter" ? setAndClear(stage, event) : awaitEvent(stage, event));
  } else if (role === "giver" || role === "taker") {
    using condition = Condition.openOrCreate(object);
    stage.begun();
    await (role === "giver" ? give(stage, condition, at) : takeTokens(stage, condition, at));
  } else if (role === "member") {
    using barrier = Barrier.openOrCreate(object, count);
    stage.begun();
    await meet(stage, barrier);
  } else if (kinds[kind] === "Semaphore") {
    using semaphore = Semaphore.openOrCreate(object, count);
    stage.begun();
    await holdPermits(stage, semaphore);
  } else if (kinds[kind] === "RWLock") {
    using lock = RWLock.openOrCreate(object);
    stage.begun();
    while (await stage.goesOn()) await (role === "writer" ? writeOnce(stage, lock, at) : readOnce(stage, lock, at));
  } else {
    using lock = kinds[kind] === "RLock" ? RLock.openOrCreate(object) : Lock.openOrCreate(object);
    stage.begun();
    while (await stage.goesOn()) await lockOnce(stage, lock, at);
  }
}

const isCancelled = (error: unknown): boolean =>
  error instanceof TimeoutError || (error instanceof Error && error.name === "TimeoutError");

interface Waiting<T> {
  /** Waits in the loop. */
  inLoop(options?: { timeout?: number; signal?: AbortSignal }): Promise<T>;
  blocking(options?: { timeout?: number }): T;
  /** What never waits. */
  now?(): T | undefined;
}

/** Waits in one of the forms there are; gives nothing when it was cancelled. */
async function waitInAnyForm<T>({ random }: Stage, { inLoop, blocking, now }: Waiting<T>): Promise<T | undefined> {
  try {
    switch (random.below(now ? 6 : 5)) {
      case 0:
        return blocking();
      case 1:
        return blocking({ timeout: random.below(4) });
      case 2:
        return await inLoop({ timeout: random.below(4) });
      case 3:
        return await inLoop({ signal: AbortSignal.timeout(random.below(4)) });
      case 4:
        return await inLoop();
      default:
        return now?.();
    }
  } catch (error) {
    if (isCancelled(error)) return undefined;
    throw error;
  }
}

/** Nothing, a moment's computing, or a moment's sleep; the thread keeps what it holds. */
async function linger({ random }: Stage): Promise<void> {
  const draw = random.below(6);
  if (draw === 0) await sleep(random.below(3));
  if (draw === 1) for (const until = performance.now() + random.below(10) / 10; performance.now() < until; );
}

function lockOnce(stage: Stage, lock: Lock | RLock, at: Uint32Array): Promise<void> {
  const ways: Waiting<LockHold> = {
    inLoop: (options) => lock.acquire(options),
    blocking: (options) => lock.acquireSync(options),
    now: () => lock.tryAcquire(),
  };
  return holdOnce(stage, ways, at, lock instanceof RLock ? () => lock.acquireSync() : undefined);
}

function writeOnce(stage: Stage, lock: RWLock, at: Uint32Array): Promise<void> {
  const ways: Waiting<LockHold> = {
    inLoop: (options) => lock.acquireWrite(options),
    blocking: (options) => lock.acquireWriteSync(options),
    now: () => lock.tryAcquireWrite(),
  };
  return holdOnce(stage, ways, at);
}

/** Waits, has it alone for a while and gives it back; some times it enters once more meanwhile. */
async function holdOnce(
  stage: Stage,
  ways: Waiting<LockHold>,
  at: Uint32Array,
  enterAgain?: () => LockHold,
): Promise<void> {
  const { history, random } = stage;
  history.note("wait");
  const hold = await waitInAnyForm(stage, ways);
  if (!hold) {
    history.note("void");
    return sleep(1);
  }
  enter(stage, hold.abandoned, at);
  const again = random.below(2) === 0 ? enterAgain?.() : undefined;
  at[cell.left]++;
  await linger(stage);
  at[cell.right] = at[cell.left];
  again?.release();
  leave(stage, at);
  hold.release();
  history.note("freed");
  if (random.below(4) === 0) await sleep(random.below(3));
}

/** Reads together with others what nobody may change meanwhile. */
async function readOnce(stage: Stage, lock: RWLock, at: Uint32Array): Promise<void> {
  const { history, random } = stage;
  history.note("wait");
  const hold = await waitInAnyForm(stage, {
    inLoop: (options) => lock.acquireRead(options),
    blocking: (options) => lock.acquireReadSync(options),
    now: () => lock.tryAcquireRead(),
  });
  if (!hold) {
    history.note("void");
    return sleep(1);
  }
  const seen = [...at];
  const isWhole = seen[cell.left] === seen[cell.right];
  history.note("read", seen[cell.turn], seen[cell.owner], Number(hold.abandoned), Number(isWhole));
  await linger(stage);
  if (seen.some((value, index) => value !== at[index])) history.note("stolen");
  history.note("free");
  hold.release();
  history.note("freed");
  await sleep(random.below(3));
}

/** Has the lock: writes itself into what the lock guards, and puts in order what a dead one has left. */
function enter({ history, job }: Stage, isAbandoned: boolean, at: Uint32Array): void {
  const previous = at[cell.owner];
  const isWhole = at[cell.left] === at[cell.right];
  at[cell.owner] = job.number + 1;
  at[cell.right] = at[cell.left];
  history.note("held", ++at[cell.turn], previous, Number(isAbandoned), Number(isWhole));
}

function leave({ history, job }: Stage, at: Uint32Array): void {
  if (at[cell.owner] !== job.number + 1) history.note("stolen");
  at[cell.owner] = 0;
  history.note("free");
}

async function holdPermits(stage: Stage, semaphore: Semaphore): Promise<void> {
  const { history } = stage;
  while (await stage.goesOn()) {
    history.note("wait");
    const permit = await waitInAnyForm(stage, {
      inLoop: (options) => semaphore.acquire(options),
      blocking: (options) => semaphore.acquireSync(options),
      now: () => semaphore.tryAcquire(),
    });
    history.note(permit ? "held" : "void");
    if (!permit) await sleep(1);
    else {
      await linger(stage);
      history.note("free");
      permit.release();
      history.note("freed");
    }
    if (stage.random.below(4) === 0) await sleep(stage.random.below(3));
  }
}

async function setAndClear(stage: Stage, event: SharedEvent): Promise<void> {
  const { history, random } = stage;
  while (await stage.goesOn()) {
    event.clear();
    history.note("cleared");
    await sleep(random.below(6));
    event.set();
    history.note("set");
    if (random.below(2) === 0) await sleep(random.below(3));
  }
}

async function awaitEvent(stage: Stage, event: SharedEvent): Promise<void> {
  const { history, random } = stage;
  while (await stage.goesOn()) {
    history.note("wait");
    const isSet = await waitInAnyForm(stage, {
      inLoop: (options) => event.wait(options).then(() => true),
      blocking: (options) => event.waitSync(options) ?? true,
    });
    history.note(isSet ? "passed" : "void");
    await sleep(random.below(3));
  }
}

/** Adds tokens; some times it then waits until all are taken, with no further notice to anybody. */
async function give(stage: Stage, condition: Condition, at: Uint32Array): Promise<void> {
  const { history, random } = stage;
  while (await stage.goesOn()) {
    await condition.lock.withLock((hold) => {
      repairTokens(hold, at);
      if (at[cell.there] >= MOST_TOKENS) return condition.notifyAll();
      at[cell.given]++;
      at[cell.there]++;
      condition.notify();
    });
    history.note("gave");
    await sleep(random.below(4));
    if (random.below(8) > 0) continue;
    for (const until = performance.now() + UNTAKEN_MS; at[cell.there] > 0; await sleep(1)) {
      if (performance.now() < until) continue;
      history.note("untaken");
      break;
    }
  }
}

async function takeTokens(stage: Stage, condition: Condition, at: Uint32Array): Promise<void> {
  const { history } = stage;
  while (await stage.goesOn()) {
    history.note("wait");
    const hold = await condition.lock.acquire();
    const isWhole = repairTokens(hold, at);
    const isThere = await waitInAnyForm(stage, {
      inLoop: (options) => condition.waitFor(() => at[cell.there] > 0, options),
      blocking: (options) => condition.waitForSync(() => at[cell.there] > 0, options),
    });
    if (isThere) {
      at[cell.there]--;
      at[cell.taken]++;
    }
    hold.release();
    if (isThere) history.note("took", Number(isWhole));
    else history.note("void");
  }
}

/** Whether the books were in order, or a death may have left them otherwise. */
function repairTokens({ abandoned }: LockHold, at: Uint32Array): boolean {
  const isWhole = at[cell.given] - at[cell.taken] === at[cell.there];
  if (!isWhole) at[cell.there] = at[cell.given] - at[cell.taken];
  return isWhole || abandoned;
}

async function meet(stage: Stage, barrier: Barrier): Promise<void> {
  const { history, random } = stage;
  const patience = { timeout: 10_000 };
  while (await stage.goesOn()) {
    history.note("wait");
    try {
      const index = await (random.below(2) === 0 ? barrier.waitSync(patience) : barrier.wait(patience));
      history.note("passed", index);
      if (random.below(4) === 0) await sleep(random.below(3));
    } catch (error) {
      // whoever has reset it after the last of the others had left waits in vain, which is no fault once all is over
      if (error instanceof TimeoutError && !(await stage.goesOn())) {
        history.note("broken");
        break;
      }
      if (!(error instanceof BrokenBarrierError)) throw error;
      history.note("broken");
      await sleep(random.below(10));
      if (barrier.isBroken) barrier.reset();
    }
  }
  barrier.abort(); // those who are still there must not wait for it
}
