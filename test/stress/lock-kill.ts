/*
 * Kills holders and waiters of locks, semaphores, events, conditions and barriers at random moments, stops others, and
 * holds what the survivors noted against what each object promises.
 *
 * Idea    As in queue-kill.ts: several arenas, each with an object of another kind in each round.
 * Checks  lock-history.ts; besides: nobody hangs (a setter never waits for the woken, a waiter is told), all permits of
 *         a semaphore are back, and no file and no descriptor is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Lock, RLock, RWLock, Semaphore } from "interproc";
import { SeededRandom } from "../rings/seeded-random.js";
import { Arena } from "./arena.js";
import { type FaultOptions, runFaults, type Shared, whenSwept } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import { judgeLock, judgeMembers, judgePermits, judgeReaders, judgeTokens } from "./lock-history.js";
import { cellsOf, kinds } from "./lock-roles.js";
import type { Party } from "./party.js";

const FAULTS_AN_OBJECT = 20;
const finished = new Set(["freed", "passed", "took", "gave", "set"]);
/** The roles of each kind; the first ones end first. */
const casts: Record<(typeof kinds)[number], Readonly<Record<string, number>>> = {
  Lock: { holder: 5 },
  RLock: { holder: 5 },
  Semaphore: { holder: 6 },
  SharedEvent: { waiter: 3, setter: 2 },
  Condition: { taker: 3, giver: 2 },
  Barrier: { member: 4 },
  RWLock: { reader: 3, writer: 2 },
};

export function killLocks(options: FaultOptions): Promise<FaultTally> {
  let round = 0;
  return runFaults("lock-kill", options, (shared, seed) => {
    const number = round++;
    return new LockRound(`l${number}`, number % kinds.length, new SeededRandom(seed), shared).run();
  });
}

class LockRound {
  private readonly detail: { kind: number; count: number };
  private readonly kind: (typeof kinds)[number];

  constructor(
    private readonly name: string,
    kind: number,
    private readonly random: SeededRandom,
    private readonly shared: Shared,
  ) {
    this.kind = kinds[kind];
    this.detail = { kind, count: this.kind === "Barrier" ? casts.Barrier.member : 1 + random.below(4) };
  }

  async run(): Promise<void> {
    const { random, shared, name, detail, kind } = this;
    const { tally } = shared;
    const job = { play: "lock", object: name, detail };
    const doing = ({ history }: Party): string => `of a ${kind}: ${states[history.at(-1)?.what ?? ""] ?? "starting"}`;
    const arena = new Arena({ ...shared, random, cast: casts[kind], job, doing });
    const cells = cellsOf(name);
    const semaphore = kind === "Semaphore" ? Semaphore.openOrCreate(name, detail.count) : undefined;
    await sleep(random.below(200)); // often somebody else makes it
    const lock = openLock(kind, name);
    await arena.rage(FAULTS_AN_OBJECT);
    tally.count(kind);
    for (const role of Object.keys(casts[kind])) await arena.finish(role);
    await arena.end();
    this.judge(arena);
    if (semaphore && semaphore.value !== detail.count)
      tally.wrong("wrong count", `${arena.label}: ${semaphore.value} of ${detail.count} permits came back`);
    semaphore?.close();
    lock?.close();
    arena.tellRecovery(finished);
    cells.close();
    await whenSwept(
      (file) => file === name || file === `${name}-cells`,
      (file) => tally.wrong("files left", `${arena.label}: ${file}`),
    );
    shared.forget(arena.all);
  }

  private judge(arena: Arena): void {
    const { kind, detail, shared } = this;
    const { tally } = shared;
    if (kind === "Lock" || kind === "RLock" || kind === "RWLock") judgeLock(arena.label, tally, arena.all);
    if (kind === "RWLock") judgeReaders(arena.label, tally, arena.all);
    if (kind === "Semaphore") judgePermits(arena.label, tally, arena.all, detail.count);
    if (kind === "Condition") judgeTokens(arena.label, tally, arena.all);
    if (kind === "Barrier") judgeMembers(tally, arena.all);
  }
}

/** Held as long as the cells that it guards: a lock that went with its last holder would know nothing of a death. */
function openLock(kind: (typeof kinds)[number], name: string): { close(): void } | undefined {
  if (kind === "Lock") return Lock.openOrCreate(name);
  if (kind === "RLock") return RLock.openOrCreate(name);
  return kind === "RWLock" ? RWLock.openOrCreate(name) : undefined;
}

const states: Readonly<Record<string, string>> = {
  wait: "waiting",
  held: "holding",
  read: "reading",
  free: "releasing",
  cleared: "having cleared",
};
