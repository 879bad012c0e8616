/*
 * Queue history: what all parties of one queue noted, held against what a queue must do.
 *
 * Idea    Jepsen's total-queue: everything that went in comes out. A message that was put (the call returned) and never
 *         acknowledged by anybody is lost, unless the call that may have taken it for good was under way when its
 *         consumer was killed. What comes out twice without saying so is duplicated, what nobody put unexpected, what
 *         its killed consumer had not acknowledged and came again recovered. Of one producer's messages, a consumer gets
 *         those that were never delivered before in their order.
 * Limits  Times are noted after a call, so an order of two parties' calls is judged only where no other is possible.
 * Source  jepsen.checker/total-queue, with deliveries and acknowledgements as AMQP has them.
 */
import type { FaultTally } from "./fault-tally.js";
import type { Entry } from "./history.js";
import type { Witness } from "./party.js";

interface Delivery {
  readonly at: number;
  readonly party: Witness;
  readonly deliveries: number;
}

/** One message's life. */
class Life {
  put: "under way" | "done" | "void" = "under way";
  readonly taken: Delivery[] = [];
  readonly got: Delivery[] = [];
  acks = 0;
  ackedAs = 0;
  /** Its acknowledgement was under way when the consumer was killed: it may have happened. */
  mayBeAcked = false;

  get isOut(): boolean {
    return this.acks > 0 || this.mayBeAcked || this.got.length > 0;
  }
}

export class QueueHistory {
  private readonly lives = new Map<string, Life>();
  private readonly misordered: string[] = [];
  private readonly gotMisordered: string[] = [];
  /** Messages that calls under way at a kill may have taken for good. */
  private mayBeGone = 0;

  constructor(
    private readonly label: string,
    private readonly tally: FaultTally,
    private readonly keepsOrder: boolean,
    /** No consumer acknowledges by itself. */
    private readonly onlyGets: boolean,
  ) {}

  /** Reads what producers noted first, then what consumers did. */
  read(parties: readonly Witness[]): void {
    for (const party of parties) if (party.job.role === "producer") this.readProducer(party);
    for (const party of parties) if (party.job.role === "consumer") this.readConsumer(party);
  }

  judge(): void {
    const { tally, label } = this;
    let lost = 0;
    for (const [id, life] of this.lives) {
      if (life.put === "done" && !life.isOut) {
        lost++;
        if (lost > this.mayBeGone) tally.wrong("lost", `${label}: message ${id} was put and never came`);
      }
      this.judgeOne(id, life);
    }
    tally.count("vanished with a get() that was killed", Math.min(lost, this.mayBeGone));
    // what a killed get() had taken and not acknowledged comes again, and get() does not tell
    for (const sentence of [...this.misordered, ...this.gotMisordered.slice(this.mayBeGone)])
      tally.wrong("out of order", `${label}: ${sentence}`);
  }

  private judgeOne(id: string, life: Life): void {
    const { tally, label } = this;
    const { taken, got, acks } = life;
    if (taken.length + got.length === 0) return;
    if (life.put === "void") tally.wrong("unexpected", `${label}: message ${id} was not put, and it came`);
    tally.count("messages");
    if (life.put === "under way") tally.count("put by a call that was killed");
    if (taken.some(({ deliveries }) => deliveries > 1)) tally.count("recovered");
    const seen = new Set(taken.map(({ deliveries }) => deliveries));
    const wrong =
      seen.size < taken.length ||
      acks + got.length > 1 ||
      (acks > 0 && taken.some(({ deliveries }) => deliveries > life.ackedAs)) ||
      taken.some(({ at }) => got.length > 0 && at > got[0].at);
    if (wrong) {
      const told = [...taken, ...got]
        .map((one) => `${one.party.job.number} at ${one.at} (${one.deliveries})`)
        .join("; ");
      tally.wrong(
        "duplicated",
        `${label}: message ${id} came to ${told}, and was acknowledged ${acks + got.length} times`,
      );
    }
    taken.sort((a, b) => a.deliveries - b.deliveries);
    for (let i = 1; i < taken.length; i++) {
      const { killedAt } = taken[i - 1].party;
      const { at, party, deliveries } = taken[i];
      if (killedAt === undefined || at < killedAt || party.stops > 0) continue;
      const isNext = deliveries === taken[i - 1].deliveries + 1;
      const since = Math.max(killedAt, party.begunAt ?? killedAt); // there may have been no other consumer
      if (isNext) tally.took("delivered again after its consumer's kill", at - since);
    }
  }

  private readProducer(party: Witness): void {
    for (const { what, about } of party.history) {
      const [first, count = 1] = about;
      if (what !== "put" && what !== "done" && what !== "void") continue;
      const state = what === "put" ? "under way" : what;
      for (let number = first; number < first + count; number++) this.lifeOf(party.job.number, number).put = state;
    }
  }

  private readConsumer(party: Witness): void {
    const newest = new Map<number, number>();
    const unsettled = new Map<string, number>();
    let getting = 0;
    let acking: string | undefined;
    for (const { at, what, about } of party.history) {
      const [producer, number, deliveries] = about;
      const id = `${producer}/${number}`;
      if (what === "broken") this.tally.wrong("corrupt", `${this.label}: consumer ${party.job.number} at ${at}`);
      if (what === "get") getting = producer;
      if (what === "nothing") getting = 0;
      if (what === "got" || what === "took") {
        const life = this.lives.get(id);
        if (!life) {
          this.tally.wrong("unexpected", `${this.label}: message ${id} came and nobody put it`);
          continue;
        }
        if (what === "got") {
          getting--;
          life.got.push({ at, party, deliveries: 0 });
          if (this.onlyGets) this.follow(producer, number, newest, party, this.gotMisordered);
        } else {
          unsettled.set(id, deliveries);
          life.taken.push({ at, party, deliveries });
          if (deliveries === 1) this.follow(producer, number, newest, party, this.misordered);
        }
      }
      if (what === "ack") acking = id;
      if (what === "acked") {
        const life = this.lifeOf(producer, number);
        life.acks++;
        life.ackedAs = unsettled.get(id) ?? 0;
        acking = undefined;
      }
      if (what === "acked" || what === "nack") unsettled.delete(id);
    }
    if (party.killedAt === undefined) return;
    if (acking !== undefined) this.lifeOf(...idOf(acking)).mayBeAcked = true;
    this.mayBeGone += Math.max(0, getting);
  }

  private follow(producer: number, number: number, newest: Map<number, number>, party: Witness, into: string[]): void {
    if (!this.keepsOrder) return;
    const before = newest.get(producer);
    if (before !== undefined && number < before)
      into.push(`consumer ${party.job.number} got ${producer}/${number} after ${producer}/${before}`);
    else newest.set(producer, number);
  }

  private lifeOf(producer: number, number: number): Life {
    const id = `${producer}/${number}`;
    let life = this.lives.get(id);
    if (!life) {
      life = new Life();
      this.lives.set(id, life);
    }
    return life;
  }
}

function idOf(id: string): [number, number] {
  const [producer, number] = id.split("/").map(Number);
  return [producer, number];
}

/** What a party was doing when it ended, by its last notes. */
export function doingOf(history: readonly Entry[]): string {
  const unsettled = new Set<string>();
  let last = "starting";
  for (const { what, about } of history) {
    const id = `${about[0]}/${about[1]}`;
    if (what === "took") unsettled.add(id);
    if (what === "acked" || what === "nacked") unsettled.delete(id);
    if (what !== "before") last = what;
  }
  if (last === "put") return "in put";
  if (last === "get") return "in get";
  if (last === "ack" || last === "nack") return `in ${last}`;
  if (unsettled.size > 0) return "holding messages";
  return last === "acked" || last === "nacked" || last === "took"
    ? "taking or between two calls"
    : last === "starting"
      ? last
      : "between two calls";
}
