/*
 * Kills senders and receivers of pipes at random moments and holds what came of it against what they had done.
 *
 * Idea    Two real processes at each pipe: a victim, which is started for the occasion, and a partner, which outlives it.
 *         Both know all messages beforehand. The victim keeps its account in a file, one write after each finished call,
 *         so that it is there after the kill. Some parties are stopped and go on before the kill comes, or after it. Some
 *         victims are worker threads that are terminated or call process.exit(), and some partners are killed with them.
 * Checks  Of what the victim had finished sending nothing is lost; what was received is a prefix of what was sent, in
 *         order, every byte as it must be; nothing comes that was not begun; the survivor ends by the pipe's end and does
 *         not hang; no file is left, and of a pipe whose both parties were killed none once a sweep has run; a process
 *         keeps no descriptors of the threads that were terminated in it.
 * Source  Jepsen's checkers; Aeron's and iceoryx2's kill tests.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attach, type Connection, pipe, share } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { sharedFiles } from "../processes/running.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { monotonicMs } from "./monotonic-ms.js";
import { descriptorsOfOurs } from "./own-descriptors.js";
import { type Plan, receiveForms, sendForms } from "./parties.js";
import { Partner } from "./partner.js";
import { type Account, Progress } from "./progress.js";
import type { Assignment, Report, Role } from "./roles.js";
import { type Death, deaths, Tally } from "./tally.js";
import { ProcessVictim, type Victim, WorkerVictim } from "./victims.js";

export interface PipeKillOptions {
  readonly kills: number;
  readonly seed: number;
  /** How many pipes at once; default 3. */
  readonly pairs?: number;
  /** Only this kind of death; default all, drawn by the seed. */
  readonly death?: Death;
  onKill?(done: number): void;
}

const EARLY_MS = 120;
const BUSY_MS = 30;
const STOPPED_MS = 8;
const BETWEEN_TWO_KILLS_MS = 3;
/** Another process may be sweeping, and be stopped in it. */
const SWEEPING_MS = 5000;
/** How often each kind of death is drawn. */
const mix: readonly Death[] = deaths.flatMap((death) => Array<Death>(death === "process killed" ? 6 : 1).fill(death));

export async function killPipes({ kills, seed, pairs = 3, death, onKill }: PipeKillOptions): Promise<Tally> {
  const tally = new Tally("pipe-kill", seed);
  const accounts = mkdtempSync(join(tmpdir(), "pipe-kill-"));
  let next = 0;
  const work = async (): Promise<void> => {
    let partner = await Partner.start();
    while (next < kills) {
      const number = next++;
      const random = new SeededRandom(seed + Math.imul(number, 0x85eb_ca6b));
      const drawn = random.pick(mix);
      const round = new Round(tally, partner, random, join(accounts, `${number}`), death ?? drawn);
      if (!(await round.run())) {
        partner.kill();
        await partner.end();
        partner = await Partner.start();
      }
      tally.did.kills++;
      onKill?.(tally.did.kills);
    }
    await partner.end();
    partner.judge(tally);
  };
  await warmUp();
  const before = { files: sharedFiles(), descriptors: descriptorsOfOurs() };
  await Promise.all(Array.from({ length: pairs }, work));
  for (const file of sharedFiles()) if (!before.files.includes(file)) tally.wrong("files left", `left behind: ${file}`);
  const opened = descriptorsOfOurs().filter((target) => !before.descriptors.includes(target));
  if (opened.length > 2) tally.wrong("files left", `still open: ${opened.join(", ")}`);
  rmSync(accounts, { recursive: true });
  return tally;
}

/** From here on this process has what it needs itself. */
async function warmUp(): Promise<void> {
  const partner = await Partner.start();
  const [left, right] = pipe();
  attach<Connection>(share(left)).close();
  right.close();
  await partner.end();
}

/** One kill. */
class Round {
  private readonly plan: Plan;
  private readonly role: Role;
  private readonly label: string;

  constructor(
    private readonly tally: Tally,
    private readonly partner: Partner,
    private readonly random: SeededRandom,
    private readonly path: string,
    private readonly death: Death,
  ) {
    this.plan = { seed: random.word(), sends: random.pick(sendForms), receives: random.pick(receiveForms) };
    this.role = random.below(2) === 0 ? "sender" : "receiver";
    const { sends, receives } = this.plan;
    this.label = `${this.role}: ${death}, ${sends} to ${receives}, seed ${this.plan.seed}`;
  }

  /** False when the partner cannot go on. */
  async run(): Promise<boolean> {
    const { random, plan, role, partner, death, tally } = this;
    const earlier = sharedFiles();
    const [given, kept] = pipe({ capacity: 4096 << random.below(5) });
    const files = sharedFiles().filter((file) => !earlier.includes(file));
    const victim = this.start({ role, end: given, plan });
    const path = death === "both killed" ? this.partnersPath : undefined;
    await partner.assign({ role: role === "sender" ? "receiver" : "sender", end: kept, plan, path });
    await this.moment(victim);
    tally.did[death]++;
    return death === "both killed" ? this.killBoth(victim, files) : this.killOne(victim);
  }

  private start(assignment: Assignment): Victim {
    if (this.death === "worker terminated") return new WorkerVictim("terminate", assignment, this.path);
    if (this.death === "worker exited") return new WorkerVictim("exit", assignment, this.path);
    return new ProcessVictim(assignment, this.path);
  }

  /** Waits for the random moment of the kill: while the victim starts, or while it is at work. */
  private async moment(victim: Victim): Promise<void> {
    const { random, tally } = this;
    if (random.below(5) === 0) {
      tally.did["before it began"]++;
      await sleep(random.below(EARLY_MS));
      return;
    }
    await victim.begun;
    const ms = random.below(BUSY_MS * 4) / 4;
    if (ms >= 1) await sleep(ms);
  }

  private async killOne(victim: Victim): Promise<boolean> {
    const { random, partner, tally } = this;
    const stopped = random.below(3) === 0 ? random.pick([victim.pid ?? partner.pid, partner.pid]) : undefined;
    if (stopped !== undefined) {
      tally.did.stopped++;
      process.kill(stopped, "SIGSTOP");
      await sleep(random.below(STOPPED_MS));
      if (random.below(2) === 0) process.kill(stopped, "SIGCONT");
    }
    victim.kill();
    if (stopped === partner.pid) {
      await sleep(random.below(STOPPED_MS));
      process.kill(stopped, "SIGCONT");
    }
    const [report, killedAt] = await Promise.all([
      partner.report().catch((error: Error) => error),
      victim.ended().catch((error: Error) => this.failed(error)),
    ]);
    if (report instanceof Error) {
      tally.wrong("hung", `${this.label}: no word from the survivor: ${report.message}`);
      return false;
    }
    if (stopped !== partner.pid) tally.endMs[this.death].push(report.endedAt - killedAt);
    this.judge(report, report);
    return true;
  }

  private async killBoth(victim: Victim, files: readonly string[]): Promise<boolean> {
    const { random, partner, tally } = this;
    const [first, second] = random.below(2) === 0 ? [victim, partner] : [partner, victim];
    const ms = random.below(BETWEEN_TWO_KILLS_MS * 2) - BETWEEN_TWO_KILLS_MS;
    first.kill();
    if (ms > 0) await sleep(ms);
    second.kill();
    await Promise.all([victim.ended(), partner.end()]);
    const until = monotonicMs() + SWEEPING_MS;
    for (sweep(); files.some((file) => sharedFiles().includes(file)); sweep()) {
      if (monotonicMs() > until) {
        tally.wrong("files left", `${this.label}: the pipe is still there: ${files}`);
        break;
      }
      await sleep(5);
    }
    this.judge(Progress.read(this.partnersPath), undefined);
    return false;
  }

  private get partnersPath(): string {
    return `${this.path}-partner`;
  }

  private failed(error: Error): number {
    this.tally.wrong("wrong end", `${this.label}: the victim failed by itself: ${error.message}`);
    return monotonicMs();
  }

  /** Holds the two accounts against each other; what was sent must have come only where a survivor tells how it ended. */
  private judge(partners: Account, survivor: Pick<Report, "endedBy"> | undefined): void {
    const { tally, role, label } = this;
    const victims = Progress.read(this.path);
    const [sent, { finished: received }] = role === "sender" ? [victims, partners] : [partners, victims];
    tally.did[role === "sender" ? "senders" : "receivers"]++;
    tally.did.messages += received;
    const found = partners.fault ?? victims.fault;
    if (found) tally.wrong(found, `${label}: message ${received} was ${found}`);
    if (received > sent.started) tally.wrong("unexpected", `${label}: ${sent.started} were begun and ${received} came`);
    if (!survivor) return;
    if (role === "sender" && received < sent.finished)
      tally.wrong("lost", `${label}: ${sent.finished} were sent and ${received} came`);
    const expected = role === "sender" ? ["ERR_INTERPROC_EOF", "the end of file"] : ["ERR_INTERPROC_BROKEN_PIPE"];
    if (!found && !expected.includes(survivor.endedBy))
      tally.wrong("wrong end", `${label}: the survivor was ended by ${survivor.endedBy}`);
  }
}
