/*
 * Kills a broker's server, its producers and its consumers at random moments, stops it, cuts and silences the connections to it,
 * and holds what came out of its queues against what went in.
 *
 * Idea    A server of the run's own, with its data in a folder of its own, is killed and started again with what it has on
 *         its disk. Producers and consumers are processes that reach it over two ways that can be cut (cuttable-way.ts). One fault
 *         after the other, each once the one before is over and both a put and an acknowledgement have succeeded since.
 *         After some dozens of faults the producers end, the consumers take what is left, all histories are judged
 *         (broker-history.ts), and a queue of another style is next.
 * Checks  Besides the histories: after each fault work goes on within a bound, calls with a deadline are answered by then,
 *         everybody comes to an end, and keeps no descriptor.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openQueue } from "interproc";
import { CuttableWay } from "../brokers/cuttable-way.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { BrokerHistory, type Promises } from "./broker-history.js";
import { styles } from "./broker-roles.js";
import { FaultMap } from "./fault-map.js";
import type { FaultOptions } from "./fault-run.js";
import { FaultTally } from "./fault-tally.js";
import { History } from "./history.js";
import { monotonicMs } from "./monotonic-ms.js";
import { NoteCount } from "./note-count.js";
import { type Broker, type OwnServer, ownServer } from "./own-server.js";
import { Party } from "./party.js";
import { QuorumLeader } from "./quorum-leader.js";

interface Kind {
  readonly server: string;
  readonly promises: Promises;
  /** What stands behind a queue's url. */
  readonly query?: string;
  /** Half of the queues count deliveries, which is another kind of queue there. */
  readonly counts?: boolean;
}

const kinds: Readonly<Record<Broker, Kind>> = {
  redis: { server: "redis", promises: { keepsMarks: true, keepsAcks: true, refusesSurely: true } },
  amqp: {
    ...{ server: "rabbitmq", counts: true },
    // a quorum queue of 3.10 whose leader was killed was seen to give a message twice to one consumer, as new both times
    promises: { keepsMarks: false, keepsAcks: false, refusesSurely: true },
  },
  nats: {
    ...{ server: "nats", query: "?ackWait=2000" },
    // 2.9 may recover a consumer's state that counts some deliveries anew
    promises: { keepsMarks: false, keepsAcks: false, refusesSurely: true },
  },
  activemq: { server: "activemq", promises: { keepsMarks: true, keepsAcks: true, refusesSurely: false } },
};

const FAULTS_A_QUEUE = 20;
/** Work that has not gone on by then, after a fault is over, hangs. */
const HANGING_MS = 180_000;
const LOOK_MS = 50;
/** An election takes half a second. */
const LEADER_MS = 30_000;
/** What a process opens for the library once and for all, and Node for itself. */
const OWN_DESCRIPTORS = 12;

const outcomes = ["confirmed through it", "given up in time", "refused", "came marked", "came unmarked"];
const rarities = ["came after ack", "got twice"];
const measures = ["next confirmed put", "next acknowledgement"];

/** Undefined where there is no such server. */
export async function killBroker(
  broker: Broker,
  { faults, seed, onFault }: FaultOptions,
): Promise<FaultTally | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-broker-kill-"));
  const server = await ownServer(kinds[broker].server, join(folder, "server"));
  if (server === undefined) return undefined;
  const tally = new BrokerTally(`broker-kill ${broker}`, seed);
  process.once("exit", server.stopNow);
  try {
    await server.start();
    for (let round = 0; tally.faults < faults; round++) {
      const random = new SeededRandom(seed + Math.imul(round, 0x85eb_ca6b));
      const most = Math.min(FAULTS_A_QUEUE, faults - tally.faults);
      await new Round(broker, round, random, server, tally, folder).run(most, () => onFault?.(tally.faults));
    }
  } finally {
    await server.stop();
    process.off("exit", server.stopNow);
    if (tally.isClean) rmSync(folder, { recursive: true, force: true });
    else tally.complaints.push(`the histories and the server's log are in ${folder}`);
  }
  return tally;
}

/** The same with its map. */
class BrokerTally extends FaultTally {
  readonly map = new FaultMap([...outcomes, ...rarities], measures);

  override toString(): string {
    return `${super.toString()}\n${this.map}`;
  }
}

/** One queue's life. */
class Round {
  private readonly all: Party[] = [];
  private readonly detail: Record<string, number>;
  private readonly name: string;
  private deck: string[] = [];
  private isLeaderless = false;
  /** Where producers and consumers find the server. */
  private ways!: Record<string, CuttableWay>;
  private readonly counts = new Map<Party, NoteCount>();

  constructor(
    private readonly broker: Broker,
    round: number,
    private readonly random: SeededRandom,
    private readonly server: OwnServer,
    private readonly tally: BrokerTally,
    private readonly folder: string,
  ) {
    this.name = `q${round}`;
    this.detail = {
      style: (random.below(styles.length) + round) % styles.length,
      maxDeliveries: kinds[broker].counts && random.below(2) === 0 ? 1000 : 0,
    };
  }

  private get label(): string {
    const { style, maxDeliveries } = this.detail;
    return `${this.broker} ${this.name} (${styles[style]}${maxDeliveries > 0 ? ", counted" : ""})`;
  }

  private get isOrdered(): boolean {
    return styles[this.detail.style] === "ordered";
  }

  private get there(): Party[] {
    return this.all.filter((party) => party.isThere);
  }

  async run(faults: number, onFault: () => void): Promise<void> {
    await using producers = await CuttableWay.to(this.server.url);
    await using consumers = await CuttableWay.to(this.server.url);
    this.ways = { producer: producers, consumer: consumers };
    for (let i = 0; i < 2; i++) this.start("producer");
    for (let i = 0; i < (this.isOrdered ? 1 : 2); i++) this.start("consumer");
    const begun = monotonicMs();
    let goesOn = await this.whenGoingOn("the beginning", begun);
    for (let done = 0; goesOn && done < faults; done++) {
      await sleep(this.random.below(400));
      const kind = this.draw();
      this.tally.fault(kind);
      const fault = this.tally.map.begin(kind, monotonicMs());
      await this.befall(kind);
      if (this.isLeaderless) return this.abandon(done + 1);
      fault.over = monotonicMs();
      onFault();
      goesOn = await this.whenGoingOn(kind, fault.over);
    }
    await this.finish("producer");
    await this.drain();
    await this.finish("consumer");
    this.judge();
    const limit = this.detail.maxDeliveries > 0 ? { maxDeliveries: this.detail.maxDeliveries } : {};
    await (await openQueue(`${this.server.url}/${this.name}${kinds[this.broker].query ?? ""}`, limit)).delete();
    if (this.tally.isClean) for (const { job } of this.all) rmSync(job.path, { force: true });
    this.tally.count("queues");
  }

  private start(role: string): void {
    const number = this.all.length;
    const path = join(this.folder, `${this.name}-${role}-${number}`);
    const object = `${this.ways[role].url}/${this.name}${kinds[this.broker].query ?? ""}`;
    const job = { ...{ play: "broker", role, object, number, path }, seed: this.random.word(), detail: this.detail };
    this.all.push(Party.start(job, "process"));
  }

  /** Each kind before any comes again. */
  private draw(): string {
    if (this.deck.length === 0)
      this.deck = ["server killed", "server stopped", "cut", "producer killed", "consumer killed"];
    const [kind] = this.deck.splice(this.random.below(this.deck.length), 1);
    return kind === "cut" ? this.random.pick(["connections cut", "way closed", "way silent"]) : kind;
  }

  private async befall(kind: string): Promise<void> {
    const { random, server } = this;
    const ways = this.random
      .pick([["producer"], ["consumer"], ["producer", "consumer"]])
      .map((role) => this.ways[role]);
    if (kind === "server killed") {
      await server.kill();
      const leader = new QuorumLeader(join(this.folder, "server"), this.name);
      await sleep(random.below(1500));
      await server.start();
      await this.untilLed(leader);
    } else if (kind === "server stopped") {
      server.signal("SIGSTOP");
      await sleep(500 + random.below(3000));
      server.signal("SIGCONT");
    } else if (kind === "connections cut") {
      for (const way of ways) way.cut();
    } else if (kind === "way closed") {
      for (const way of ways) way.close();
      await sleep(200 + random.below(1500));
      for (const way of ways) way.open();
    } else if (kind === "way silent") {
      for (const way of ways) way.stall();
      await sleep(500 + random.below(2500));
      const isCut = random.below(2) === 0;
      for (const way of ways) isCut ? way.cut() : way.goOn();
    } else await this.kill(kind.split(" ")[0]);
  }

  /** A queue for which the server itself finds no leader is out of everybody's reach, sometimes also once it is started again. */
  private async untilLed(leader: QuorumLeader): Promise<void> {
    if (this.broker !== "amqp" || this.detail.maxDeliveries === 0) return;
    if (await leader.isThereWithin(LEADER_MS)) return;
    await this.server.kill();
    await this.server.start();
    this.isLeaderless = !(await leader.isThereWithin(LEADER_MS));
  }

  /** What such a queue keeps says nothing of us: another one takes its place. */
  private async abandon(faults: number): Promise<void> {
    for (const party of this.there) {
      party.kill(0);
      await party.ended;
    }
    this.tally.faults -= faults;
    this.tally.count("queues for which the server found no leader any more, left");
  }

  private async kill(role: string): Promise<void> {
    const victim = this.random.pick(this.there.filter(({ job }) => job.role === role));
    const last = victim.history.at(-1)?.what ?? "starting";
    victim.kill(0);
    await victim.ended;
    this.tally.death(
      `${role} ${last === "put" ? "in put" : last === "get" || last === "ack" || last === "nack" ? `in ${last}` : "between two notes"}`,
    );
    this.start(role);
  }

  /** Both a put and an acknowledgement, or what a get() has got, are later than that. False when nothing of that comes. */
  private async whenGoingOn(after: string, since: number): Promise<boolean> {
    const waiting = new Map([
      ["producer", measures[0]],
      ["consumer", measures[1]],
    ]);
    while (waiting.size > 0) {
      for (const party of this.all) {
        const at = this.countOf(party).newest;
        const measure = waiting.get(party.job.role);
        if (measure === undefined || at <= since) continue;
        waiting.delete(party.job.role);
        this.tally.map.took(after, measure, at - since);
      }
      // that is told when all are judged
      if (this.all.some(({ killedAt, endedAt }) => killedAt === undefined && endedAt !== undefined)) return false;
      if (monotonicMs() - since > HANGING_MS) {
        const what = [...waiting.values()].join(" and no ");
        this.tally.wrong("hung", `${this.label}: after ${after}, no ${what}; ${this.lasts()}`);
        return false;
      }
      if (waiting.size > 0) await sleep(LOOK_MS);
    }
    return true;
  }

  private countOf(party: Party): NoteCount {
    const count = this.counts.get(party) ?? new NoteCount(party.job.path, ["done", "acked", "got"]);
    this.counts.set(party, count);
    count.look();
    return count;
  }

  /** Until all that was confirmed is out, or nothing comes any more. */
  private async drain(): Promise<void> {
    for (let [known, at] = [-1, monotonicMs()]; monotonicMs() - at < HANGING_MS; await sleep(LOOK_MS * 10)) {
      const { missing } = this.history();
      if (missing.length === 0) return;
      if (missing.length !== known) [known, at] = [missing.length, monotonicMs()];
    }
  }

  private history(tally = new FaultTally("", 0), map = new FaultMap([], [])): BrokerHistory {
    return new BrokerHistory(this.label, tally, map, kinds[this.broker].promises, this.isOrdered).read(this.all);
  }

  private async finish(role: string): Promise<void> {
    const those = this.there.filter(({ job }) => job.role === role);
    for (const party of those) party.finish();
    const over = new AbortController();
    const patience = sleep(HANGING_MS, "late", { signal: over.signal }).catch(() => "over");
    for (const party of those) {
      if ((await Promise.race([party.ended, patience])) !== "late" || party.endedAt !== undefined) continue;
      this.tally.wrong("hung", `${this.label}: ${role} ${party.job.number} does not come to its end; ${this.lasts()}`);
      party.kill(0);
      await party.ended;
    }
    over.abort();
  }

  private judge(): void {
    const { tally, label } = this;
    this.history(tally, tally.map).judge();
    for (const { job, history, killedAt } of this.all) {
      const name = `${label}: ${job.role} ${job.number}`;
      for (const failure of History.said(job.path, "failed")) tally.wrong("wrong end", `${name}: ${failure}`);
      if (killedAt !== undefined) continue;
      if (history.at(-1)?.what !== "end") tally.wrong("wrong end", `${name} ended by itself`);
      const [before, after] = ["before", "after"].map((when) => history.find(({ what }) => what === when)?.about[0]);
      if (before !== undefined && after !== undefined && after > before + OWN_DESCRIPTORS)
        tally.wrong("descriptors left", `${name} had ${before} and then ${after}`);
    }
  }

  private lasts(): string {
    const last = this.there.map(({ job, history }) => {
      const { at, what, about } = history.at(-1) ?? { at: 0, what: "nothing", about: [] };
      return `${job.role} ${job.number}: ${what} ${about.join(" ")} at ${at}`;
    });
    return `now ${monotonicMs()}, last ${last.join("; ")}`;
  }
}
