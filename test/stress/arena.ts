import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../rings/seeded-random.js";
import type { FaultTally } from "./fault-tally.js";
import { History } from "./history.js";
import { monotonicMs } from "./monotonic-ms.js";
import { type Housing, Party } from "./party.js";
import type { Job } from "./stage.js";

/** A survivor that notes nothing for so long, although others work, hangs; so does one that does not come to its end. */
const HANGING_MS = 20_000;
const BETWEEN_MS = 30;
const EARLY_MS = 150;
const STOPPED_MS = 30;
/** What a process opens for the library once and for all: its registry, its FIFO, its event loop's door. */
const OWN_DESCRIPTORS = 12;

export interface ArenaOptions {
  readonly tally: FaultTally;
  readonly random: SeededRandom;
  /** Says how many faults are still to come, all arenas together. */
  readonly take: () => boolean;
  /** How the parties live, drawn by the seed. */
  readonly housings: readonly Housing[];
  /** Parties at work at once: so many of each role. */
  readonly cast: Readonly<Record<string, number>>;
  readonly job: Omit<Job, "role" | "number" | "seed" | "path">;
  readonly folder: string;
  /** What a party was doing, by its history. */
  readonly doing: (party: Party) => string;
}

/** Parties at work at one object, and the faults that befall them. */
export class Arena {
  readonly all: Party[] = [];
  private readonly sizes = new Map<Party, { done: number; at: number }>();
  /** Until then others of this arena are stopped, which may hold up anybody. */
  private heldUpUntil = 0;

  constructor(private readonly options: ArenaOptions) {
    for (const [role, count] of Object.entries(options.cast)) for (let i = 0; i < count; i++) this.start(role);
  }

  get label(): string {
    const { play, object, detail } = this.options.job;
    return `${play} ${object} ${JSON.stringify(detail)}`;
  }

  private get there(): Party[] {
    return this.all.filter((party) => party.isThere);
  }

  private get ready(): Party[] {
    return this.there.filter((party) => party.begunAt !== undefined);
  }

  /** Faults at random moments, so many or until all arenas have had theirs. */
  async rage(faults: number): Promise<void> {
    const { random, take } = this.options;
    for (let left = faults; left > 0; ) {
      await this.whenReady();
      await sleep(random.below(BETWEEN_MS));
      const victims = this.victims();
      for (const victim of victims) {
        if (left-- === 0 || !take()) return;
        await this.befall(victim, victims.length > 1);
      }
      this.watch();
    }
  }

  /** Asks those of one role to come to their end. */
  async finish(role: string): Promise<void> {
    const those = this.there.filter((party) => party.job.role === role);
    for (const party of those) party.finish();
    await this.whenEnded(those);
  }

  /** All of them have ended, and well. */
  async end(): Promise<void> {
    await this.whenEnded(this.all);
    const { tally } = this.options;
    for (const party of this.all) {
      for (const failure of History.said(party.job.path, "failed"))
        tally.wrong("wrong end", `${this.label}: ${this.nameOf(party)}: ${failure}`);
      if (party.killedAt !== undefined) continue;
      const { history } = party;
      if (history.at(-1)?.what !== "end")
        tally.wrong("wrong end", `${this.label}: ${this.nameOf(party)} ended by itself`);
      const [before, after] = ["before", "after"].map((when) => history.find(({ what }) => what === when)?.about[0]);
      if (before !== undefined && after !== undefined && after > before + OWN_DESCRIPTORS)
        tally.wrong("descriptors left", `${this.label}: ${this.nameOf(party)} had ${before} and then ${after}`);
    }
  }

  nameOf({ job, killedAt }: Party): string {
    return `${job.role} ${job.number}${killedAt === undefined ? "" : " (killed)"}`;
  }

  private start(role: string): Party {
    const { random, housings, job, folder } = this.options;
    const number = this.all.length;
    const path = `${folder}/${job.object}-${role}-${number}`;
    const party = Party.start({ ...job, role, number, path, seed: random.word() }, random.pick(housings));
    this.all.push(party);
    return party;
  }

  /** Somebody is at work who can be killed. */
  private async whenReady(): Promise<void> {
    const until = monotonicMs() + HANGING_MS;
    while (this.ready.length < this.there.length / 2) {
      await sleep(5);
      if (monotonicMs() > until) {
        this.options.tally.wrong("hung", `${this.label}: nobody begins`);
        return;
      }
    }
  }

  /** Most often one; sometimes several of a role, or of any, at once. */
  private victims(): Party[] {
    const { random } = this.options;
    const { ready } = this;
    if (random.below(12) === 0) return [this.start(random.pick(ready).job.role)];
    const first = random.pick(ready);
    if (random.below(10) !== 0) return [first];
    const others = ready.filter((party) => random.below(3) > 0 && (party.job.role === first.job.role || party.canStop));
    return others.length > 1 ? others.slice(0, Math.ceil(ready.length / 2)) : [first];
  }

  private async befall(party: Party, amongOthers: boolean): Promise<void> {
    const { random } = this.options;
    if (party.begunAt === undefined) {
      await sleep(random.below(EARLY_MS));
      return this.kill(party, false);
    }
    if (!party.isThere) return this.options.tally.fault("came too late");
    const draw = amongOthers ? 99 : random.below(100);
    if (draw >= 60 || !party.canStop) return this.kill(party, true);
    this.heldUpUntil = monotonicMs() + STOPPED_MS;
    party.stop();
    await sleep(random.below(STOPPED_MS));
    this.heldUpUntil = monotonicMs();
    if (draw < 8) {
      this.options.tally.count("killed while stopped");
      return this.kill(party, true);
    }
    party.goOn();
    this.options.tally.fault("stopped and continued");
  }

  private kill(party: Party, isReplaced: boolean): void {
    const { tally, random, doing } = this.options;
    const survivors = this.ready.filter((other) => other !== party);
    tally.fault(party.kill(random.word()));
    void party.ended.then(() => tally.death(`${party.job.role} ${doing(party)}`));
    this.measure(party, survivors);
    if (isReplaced) this.start(party.job.role);
  }

  /** How long it takes until each survivor has finished a call, where there is one of each role. */
  private measure({ killedAt = 0 }: Party, survivors: readonly Party[]): void {
    const roles = Object.keys(this.options.cast);
    if (!roles.every((role) => survivors.some((party) => party.job.role === role))) return;
    this.measures.push({ killedAt, survivors });
  }

  private readonly measures: { killedAt: number; survivors: readonly Party[] }[] = [];

  /** Tells the tally how long the survivors of each kill took to finish their next call. `calls`: the notes of that. */
  tellRecovery(calls: ReadonlySet<string>): void {
    const times = new Map<Party, number[]>();
    for (const party of this.all)
      times.set(
        party,
        party.history.filter(({ what }) => calls.has(what)).map(({ at }) => at),
      );
    for (const { killedAt, survivors } of this.measures) {
      const nexts = survivors.map((party) => {
        const next = times.get(party)?.find((at) => at > killedAt);
        const isBetween = (at = Number.NaN): boolean => at > killedAt && at < (next ?? killedAt);
        const disturbed = this.all.some(
          (other) =>
            isBetween(other.killedAt) || other.stoppedAt.some((at) => isBetween(at) || isBetween(at + STOPPED_MS)),
        );
        return disturbed ? undefined : next;
      });
      const known = nexts.filter((next) => next !== undefined);
      if (known.length > 0)
        this.options.tally.took("each survivor's next finished call after a kill", Math.max(...known) - killedAt);
    }
  }

  /** Who notes nothing for long, hangs. */
  private watch(): void {
    const at = monotonicMs();
    for (const party of this.ready) {
      const { done } = party;
      const known = this.sizes.get(party);
      if (!known || known.done !== done || at - this.heldUpUntil < 0) this.sizes.set(party, { done, at });
      else if (at - known.at > HANGING_MS) {
        this.sizes.set(party, { done, at });
        this.hangs(party, "notes nothing any more");
      }
    }
  }

  private async whenEnded(those: readonly Party[]): Promise<void> {
    const over = new AbortController();
    const patience = sleep(HANGING_MS, "late", { signal: over.signal }).catch(() => "late");
    for (const party of those) {
      if ((await Promise.race([party.ended, patience])) !== "late" || party.endedAt !== undefined) continue;
      this.hangs(party, "does not come to its end");
      party.kill(1);
      await party.ended;
    }
    over.abort();
  }

  private hangs(party: Party, how: string): void {
    const last = party.history.slice(-3).map(({ at, what, about }) => `${at} ${what} ${about.join(" ")}`);
    this.options.tally.wrong(
      "hung",
      `${this.label}: ${this.nameOf(party)} ${how}; at ${monotonicMs()}, last: ${last.join("; ")}`,
    );
  }
}
