/*
 * Broker history: what all parties of one queue at a broker noted, held against what its page in the guide promises.
 *
 * Idea    As in queue-history.ts: everything that was confirmed comes out, and what comes again says so. But a broker knows less
 *         of its deliveries than shared memory does: of each message at most one delivery may be without a mark. A put that was
 *         made again because the connection broke may make two of a message; so may one whose answer did not come in time.
 * Limits  Times are noted before and after calls, so an order is judged only where no fault was on between a put's call and
 *         its confirmation, and where one consumer takes by one loop. A get() that was killed or refused may have taken messages
 *         for good, as many as it asked for.
 * Source  jepsen.checker/total-queue.
 */
import type { FaultMap } from "./fault-map.js";
import type { FaultTally } from "./fault-tally.js";
import type { Witness } from "./party.js";

/** What a broker promises beyond what all do. */
export interface Promises {
  /** Deliveries are counted rightly also by a server that was killed before. */
  readonly keepsMarks: boolean;
  /** What was acknowledged never comes again. */
  readonly keepsAcks: boolean;
  /** A refused acknowledgement did not happen. */
  readonly refusesSurely: boolean;
}

interface Delivery {
  readonly at: number;
  readonly who: number;
  readonly isMarked: boolean;
}

/** One message's life. */
class Life {
  put: "under way" | "done" | "up" = "under way";
  calledAt = 0;
  doneAt = 0;
  readonly taken: Delivery[] = [];
  readonly got: number[] = [];
  readonly acked: number[] = [];
  mayBeAcked = false;

  get isOut(): boolean {
    return this.acked.length > 0 || this.mayBeAcked || this.got.length > 0;
  }
}

export class BrokerHistory {
  private readonly lives = new Map<string, Life>();
  private readonly misordered: [string, string, string][] = [];
  private mayBeGone = 0;

  constructor(
    private readonly label: string,
    private readonly tally: FaultTally,
    private readonly map: FaultMap,
    private readonly promises: Promises,
    private readonly isOrdered: boolean,
  ) {}

  /** Reads what producers noted first, then what consumers did. */
  read(parties: readonly Witness[]): this {
    for (const party of parties) if (party.job.role === "producer") this.readProducer(party);
    for (const party of parties) if (party.job.role === "consumer") this.readConsumer(party);
    return this;
  }

  /** Confirmed messages that are not out, beyond those that calls may have taken for good. */
  get missing(): string[] {
    return [...this.lives]
      .flatMap(([id, life]) => (life.put === "done" && !life.isOut ? [id] : []))
      .slice(this.mayBeGone);
  }

  judge(): void {
    const { tally, label, map } = this;
    for (const id of this.missing) tally.wrong("lost", `${label}: message ${id} was confirmed and never came`);
    for (const [id, life] of this.lives) this.judgeOne(id, life);
    for (const [who, id, before] of this.misordered) {
      const [late, early] = [this.lives.get(id), this.lives.get(before)];
      if (!late || !early || this.isDisturbed(late) || this.isDisturbed(early)) continue;
      tally.wrong("out of order", `${label}: consumer ${who} got ${id} after ${before}`);
    }
    for (const life of this.lives.values())
      if (life.put === "done" && this.isDisturbed(life)) map.happened("confirmed through it", life.doneAt);
  }

  private judgeOne(id: string, life: Life): void {
    const { tally, label, map, promises } = this;
    const { taken, got, acked } = life;
    if (taken.length + got.length === 0) return;
    tally.count("messages");
    if (life.put === "up") tally.count("given up, and there");
    if (life.put === "under way") tally.count("put by a call that was killed");
    taken.sort((a, b) => a.at - b.at);
    for (const { isMarked, at } of taken) if (isMarked) map.happened("came marked", at);
    const story = [
      `put at ${life.calledAt}, ${life.put} at ${life.doneAt}`,
      ...taken.map(({ who, at, isMarked }) => `taken by ${who} at ${at}${isMarked ? " (marked)" : ""}`),
      ...[...got.map((at) => `got at ${at}`), ...acked.map((at) => `acknowledged at ${at}`)],
    ].join("; ");
    const plain = taken.filter(({ isMarked }) => !isMarked);
    for (let i = 1; i < plain.length; i++) {
      if (!promises.keepsMarks && this.wasKilled(plain[i].at)) map.happened("came unmarked", plain[i].at);
      else tally.wrong("duplicated", `${label}: message ${id} came twice without a mark: ${story}`);
    }
    const [ackedAt = Number.POSITIVE_INFINITY] = acked;
    const after = taken.filter(({ at }) => at > ackedAt);
    if (after.length > 0 && promises.keepsAcks && !this.isDisturbed(life))
      tally.wrong("duplicated", `${label}: message ${id} came after its acknowledgement: ${story}`);
    else if (after.length > 0) map.happened("came after ack", after[0].at);
    if (got.length > 1) map.happened("got twice", got[1]);
  }

  private isDisturbed({ calledAt, doneAt }: Life): boolean {
    return this.map.isDisturbed(calledAt, doneAt);
  }

  private wasKilled(before: number): boolean {
    return this.map.faults.some(({ kind, at }) => kind === "server killed" && at <= before);
  }

  private readProducer(party: Witness): void {
    for (const { at, what, about } of party.history) {
      const [first, count = 1] = about;
      if (what === "late") this.tellLate(party, first);
      if (what !== "put" && what !== "done" && what !== "up") continue;
      if (what === "up") this.map.happened("given up in time", at);
      for (let number = first; number < first + count; number++) {
        const life = this.lifeOf(`${party.job.number}/${number}`);
        if (what === "put") life.calledAt = at;
        else life.doneAt = at;
        life.put = what === "put" ? "under way" : what;
      }
    }
  }

  private readConsumer(party: Witness): void {
    const newest = new Map<number, number>();
    let getting = 0;
    let acking: string | undefined;
    for (const { at, what, about } of party.history) {
      const [producer, number, mark] = about;
      const id = `${producer}/${number}`;
      if (what === "late") this.tellLate(party, producer);
      if (what === "broken") this.tally.wrong("corrupt", `${this.label}: consumer ${party.job.number} at ${at}`);
      if (what === "get") getting = producer;
      if (what === "unsure") this.mayBeGone += getting;
      if (what === "unsure" || what === "nothing") getting = 0;
      if (what === "got" || what === "took") {
        const life = this.lives.get(id);
        if (!life) this.tally.wrong("unexpected", `${this.label}: message ${id} came and nobody put it`);
        else if (what === "got") life.got.push(at);
        else life.taken.push({ at, who: party.job.number, isMarked: mark === 1 });
        if (what === "got") getting--;
        else if (mark === 0) this.follow(producer, number, newest, party);
      }
      if (what === "ack") acking = id;
      if (what === "acked") this.lifeOf(id).acked.push(at);
      if (what === "refused") {
        this.map.happened("refused", at);
        if (!this.promises.refusesSurely && acking === id) this.lifeOf(id).mayBeAcked = true;
      }
      if (what === "acked" || what === "refused") acking = undefined;
    }
    if (party.killedAt === undefined) return;
    if (acking !== undefined) this.lifeOf(acking).mayBeAcked = true;
    this.mayBeGone += Math.max(0, getting);
  }

  private follow(producer: number, number: number, newest: Map<number, number>, { job }: Witness): void {
    if (!this.isOrdered) return;
    const before = newest.get(producer);
    if (before !== undefined && number < before)
      this.misordered.push([String(job.number), `${producer}/${number}`, `${producer}/${before}`]);
    else newest.set(producer, number);
  }

  private tellLate({ job }: Witness, ms: number): void {
    this.tally.wrong("hung", `${this.label}: ${job.role} ${job.number} was answered ${ms} ms after its deadline`);
  }

  private lifeOf(id: string): Life {
    let life = this.lives.get(id);
    if (!life) {
      life = new Life();
      this.lives.set(id, life);
    }
    return life;
  }
}
