/*
 * Lock history: what all parties of one lock, semaphore or condition noted, held against what it promises.
 *
 * Idea    Of a lock each hold has its turn, counted under the lock, so that the holds of all parties stand in one line.
 *         Nobody holds before the one in front has begun to release or was killed; who follows a death, and nobody
 *         else, is told `abandoned`; the cells that change together are equal unless it was told.
 *         Of a semaphore the times of holding, each noted after it began and before it ended, never overlap more often
 *         than there are permits.
 * Limits  A holder that was killed before it could note anything is seen by the turn that is missing, or by an
 *         `abandoned` for which some party must then have been killed while it waited.
 * Source  Jepsen's mutex and set-full models, as far as a single line of turns allows.
 */
import type { FaultTally } from "./fault-tally.js";
import type { Witness } from "./party.js";

interface Hold {
  readonly party: Witness;
  readonly at: number;
  readonly turn: number;
  readonly previous: number;
  readonly abandoned: boolean;
  readonly isWhole: boolean;
  /** When it began to release, and whether that was finished. */
  freeAt?: number;
  isFreed: boolean;
}

export function judgeLock(label: string, tally: FaultTally, parties: readonly Witness[]): void {
  const holds = parties.flatMap((party) => holdsOf(party)).sort((a, b) => a.turn - b.turn);
  const silent = parties.filter((party) => party.killedAt !== undefined && party.history.at(-1)?.what === "wait");
  tally.count("holds", holds.length);
  for (const party of parties)
    if (party.history.some(({ what }) => what === "stolen"))
      tally.wrong("two holders", `${label}: somebody else was in what party ${party.job.number} held`);
  let unseen = 0;
  for (const [i, hold] of holds.entries()) {
    const where = `${label}: turn ${hold.turn} of party ${hold.party.job.number} at ${hold.at}`;
    if (!hold.abandoned && !hold.isWhole) tally.wrong("wrong abandonment", `${where}: half changed, and not told`);
    if (!hold.abandoned && hold.previous !== 0) tally.wrong("two holders", `${where}: ${hold.previous - 1} was inside`);
    const before = i > 0 ? holds[i - 1] : undefined;
    if (before === undefined) continue;
    const diedAt = before.party.killedAt;
    const isMissing = hold.turn !== before.turn + 1;
    const isDeath = isMissing || before.freeAt === undefined;
    const end = before.freeAt ?? diedAt ?? Number.POSITIVE_INFINITY;
    if (hold.at < end || hold.turn === before.turn)
      tally.wrong("two holders", `${where}: turn ${before.turn} of ${before.party.job.number} ended at ${end}`);
    if (isDeath && !hold.abandoned) tally.wrong("wrong abandonment", `${where}: after a death, and not told`);
    if (isDeath && hold.abandoned) tally.count("told of a death");
    if (isDeath && hold.abandoned && diedAt !== undefined && !isMissing && hold.party.stops === 0)
      tally.took("passed on after its holder's kill", hold.at - Math.max(diedAt, hold.party.begunAt ?? 0));
    if (!isDeath && before.isFreed && hold.abandoned) {
      unseen++;
      if (!silent.some(({ killedAt = 0 }) => killedAt < hold.at && killedAt > before.at) || unseen > silent.length)
        tally.wrong("wrong abandonment", `${where}: told of a death, and there was none`);
    }
  }
}

/** Who read the cells together with others saw no writer, and no writer came before it was done. */
export function judgeReaders(label: string, tally: FaultTally, parties: readonly Witness[]): void {
  const writes = new Map(parties.flatMap((party) => holdsOf(party)).map((hold) => [hold.turn, hold]));
  for (const read of parties.flatMap((party) => holdsOf(party, "read"))) {
    tally.count("reads");
    const where = `${label}: party ${read.party.job.number}, which read at ${read.at} after turn ${read.turn},`;
    if (!read.abandoned && !(read.isWhole && read.previous === 0))
      tally.wrong("wrong abandonment", `${where} saw something half changed, and was not told`);
    const before = writes.get(read.turn);
    const end = before && (before.freeAt ?? before.party.killedAt ?? Number.POSITIVE_INFINITY);
    if (end !== undefined && read.at < end)
      tally.wrong("two holders", `${where} came before the writer's end at ${end}`);
    if (before && before.freeAt === undefined && !read.abandoned)
      tally.wrong("wrong abandonment", `${where} was not told of the writer's death`);
    const done = read.freeAt ?? read.party.killedAt ?? Number.POSITIVE_INFINITY;
    const next = writes.get(read.turn + 1);
    if (next && next.at < done) tally.wrong("two holders", `${where} was there when ${next.party.job.number} wrote`);
  }
}

function holdsOf(party: Witness, began = "held"): Hold[] {
  const holds: Hold[] = [];
  for (const { at, what, about } of party.history) {
    const [turn, previous, abandoned, isWhole] = about;
    const newest = holds.at(-1);
    if (what === began)
      holds.push({ party, at, turn, previous, abandoned: abandoned === 1, isWhole: isWhole === 1, isFreed: false });
    if (newest && what === "free") newest.freeAt = at;
    if (newest && what === "freed") newest.isFreed = true;
  }
  return holds;
}

/** The permits of a semaphore were never more than there are. */
export function judgePermits(label: string, tally: FaultTally, parties: readonly Witness[], permits: number): void {
  const changes = parties.flatMap((party) => {
    const holds = holdsOf(party);
    tally.count("holds", holds.length);
    return holds.flatMap(({ at, freeAt }) => [
      { at, by: 1 },
      { at: freeAt ?? party.killedAt ?? Number.POSITIVE_INFINITY, by: -1 },
    ]);
  });
  let inside = 0;
  for (const { at, by } of changes.sort((a, b) => a.at - b.at || a.by - b.by)) {
    inside += by;
    if (inside > permits) tally.wrong("two holders", `${label}: ${inside} inside at ${at}, of ${permits} permits`);
  }
}

/** Every token that was given with a notice was taken, and the books were in order. */
export function judgeTokens(label: string, tally: FaultTally, parties: readonly Witness[]): void {
  for (const party of parties)
    for (const { at, what, about } of party.history) {
      if (what === "took" && about[0] === 0)
        tally.wrong("wrong abandonment", `${label}: party ${party.job.number} at ${at}: half changed, and not told`);
      if (what !== "untaken") continue;
      const waits = parties.some(
        (other) => other.stops === 0 && (other.killedAt ?? at) >= at && waitedSince(other, at),
      );
      if (waits) tally.wrong("hung", `${label}: a token was not taken for long before ${at}, and somebody waited`);
    }
}

const LONG_MS = 9000;

function waitedSince({ history }: Witness, at: number): boolean {
  const last = history.filter((entry) => entry.at < at).at(-1);
  return last?.what === "wait" && last.at < at - LONG_MS;
}

/** How long those who waited at a barrier waited on after a party's kill, until they were told that it is broken. */
export function judgeMembers(tally: FaultTally, parties: readonly Witness[]): void {
  for (const dead of parties) {
    const { killedAt } = dead;
    const last = dead.history.at(-1);
    if (killedAt === undefined || last?.what !== "wait" || last.at > killedAt - 1) continue;
    for (const party of parties) {
      const { history } = party;
      const next = history.findIndex(({ at }) => at > killedAt);
      if (next < 1 || history[next - 1].what !== "wait" || party.stops > 0) continue;
      if (history[next].what === "broken") tally.took("told that the barrier is broken", history[next].at - killedAt);
      else tally.count("had passed the barrier before the kill");
    }
  }
}
