/*
 * Kills senders and receivers of pipes at random moments and holds what came of it against what they had done.
 *
 * Idea    Two real processes at each pipe: a victim, which is started for the occasion, and a partner, which outlives it.
 *         Both know all messages beforehand. The victim keeps its account in a file, one write after each finished call,
 *         so that it is there after the kill. Some parties are stopped and go on before the kill comes, or after it.
 * Checks  Of what the victim had finished sending nothing is lost; what was received is a prefix of what was sent, in
 *         order, every byte as it must be; nothing comes that was not begun; the survivor ends by the pipe's end and does
 *         not hang; no file is left.
 * Source  Jepsen's checkers; Aeron's and iceoryx2's kill tests.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, type Process, pipe, spawn } from "interproc";
import { sharedFiles } from "../processes/running.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { type Plan, receiveForms, sendForms } from "./parties.js";
import { Progress } from "./progress.js";
import { type Assignment, monotonicMs, partner, type Report, victim } from "./roles.js";
import { Tally } from "./tally.js";

export interface PipeKillOptions {
  readonly kills: number;
  readonly seed: number;
  /** How many pipes at once; default 3. */
  readonly pairs?: number;
  onKill?(done: number): void;
}

/** A survivor that has said nothing for so long hangs. */
const HANGING_MS = 20_000;
const EARLY_MS = 120;
const BUSY_MS = 30;
const STOPPED_MS = 8;

export async function killPipes({ kills, seed, pairs = 3, onKill }: PipeKillOptions): Promise<Tally> {
  const tally = new Tally("pipe-kill", seed);
  const accounts = mkdtempSync(join(tmpdir(), "pipe-kill-"));
  let next = 0;
  const work = async (): Promise<void> => {
    let survivor = await Partner.start();
    while (next < kills) {
      const number = next++;
      const round = new Round(
        tally,
        survivor,
        new SeededRandom(seed + Math.imul(number, 0x85eb_ca6b)),
        join(accounts, `${number}`),
      );
      if (!(await round.run())) {
        survivor.kill();
        survivor = await Partner.start();
      }
      tally.did.kills++;
      onKill?.(tally.did.kills);
    }
    await survivor.end(tally);
  };
  await (await Partner.start()).end(tally); // from here on this process has what it needs itself
  const before = sharedFiles();
  await Promise.all(Array.from({ length: pairs }, work));
  for (const file of sharedFiles()) if (!before.includes(file)) tally.wrong("files left", `left behind: ${file}`);
  rmSync(accounts, { recursive: true });
  return tally;
}

/** A process that survives victims, one after another. */
class Partner {
  private readonly orders: Connection<Assignment, Report>;
  private readonly child: Process;
  private readonly descriptors: number[] = [];

  static async start(): Promise<Partner> {
    const made = new Partner();
    await made.report();
    return made;
  }

  private constructor() {
    const [mine, theirs] = pipe<Assignment, Report>();
    this.orders = mine;
    this.child = spawn(partner, [theirs]);
  }

  get pid(): number {
    return this.child.pid;
  }

  assign(assignment: Assignment): Promise<void> {
    return this.orders.send(assignment);
  }

  async report(): Promise<Report> {
    const report = await this.orders.recv({ timeout: HANGING_MS });
    this.descriptors.push(report.descriptors);
    return report;
  }

  kill(): void {
    this.orders.close();
    this.child.kill();
  }

  async end(tally: Tally): Promise<void> {
    this.orders.close();
    await this.child.join();
    const last = this.descriptors.at(-1) ?? 0;
    const [, , , first = last] = this.descriptors; // by then it has all that it needs
    if (last > first + 2) tally.wrong("files left", `a partner had ${first} descriptors and then ${last}`);
  }
}

/** One kill. */
class Round {
  private readonly plan: Plan;
  private readonly victimSends: boolean;
  private readonly label: string;

  constructor(
    private readonly tally: Tally,
    private readonly survivor: Partner,
    private readonly random: SeededRandom,
    private readonly path: string,
  ) {
    this.plan = { seed: random.word(), sends: random.pick(sendForms), receives: random.pick(receiveForms) };
    this.victimSends = random.below(2) === 0;
    const { sends, receives } = this.plan;
    this.label = `${this.victimSends ? "sender" : "receiver"} killed, ${sends} to ${receives}, seed ${this.plan.seed}`;
  }

  /** False when the survivor hangs. */
  async run(): Promise<boolean> {
    const { random, plan, victimSends, survivor, tally } = this;
    const [given, kept] = pipe({ capacity: 4096 << random.below(5) });
    const child = spawn(victim, [{ role: victimSends ? "sender" : "receiver", end: given, plan }, this.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await survivor.assign({ role: victimSends ? "receiver" : "sender", end: kept, plan });
    await this.moment(child);
    const stopped = random.below(3) === 0 ? random.pick([child.pid, survivor.pid]) : undefined;
    if (stopped !== undefined) {
      tally.did.stopped++;
      process.kill(stopped, "SIGSTOP");
      await sleep(random.below(STOPPED_MS));
      if (random.below(2) === 0) process.kill(stopped, "SIGCONT");
    }
    const killedAt = monotonicMs();
    child.kill();
    if (stopped === survivor.pid) {
      await sleep(random.below(STOPPED_MS));
      process.kill(stopped, "SIGCONT");
    }
    const report = await survivor.report().catch((error: Error) => error);
    await child.join();
    child.stdout?.destroy();
    if (report instanceof Error) tally.wrong("hung", `${this.label}: no word from the survivor: ${report.message}`);
    else this.judge(report, killedAt, stopped === survivor.pid);
    return !(report instanceof Error);
  }

  /** Waits for the random moment of the kill: while the victim starts, or while it is at work. */
  private async moment(child: Process): Promise<void> {
    const { random, tally } = this;
    if (random.below(5) === 0) {
      tally.did["before it began"]++;
      await sleep(random.below(EARLY_MS));
      return;
    }
    if (child.stdout) await once(child.stdout, "data");
    const ms = random.below(BUSY_MS * 4) / 4;
    if (ms >= 1) await sleep(ms);
  }

  private judge({ started, finished, fault, endedBy, endedAt }: Report, killedAt: number, wasStopped: boolean): void {
    const { tally, victimSends, label } = this;
    const theirs = Progress.read(this.path);
    const sent = victimSends ? theirs : { started, finished };
    const received = victimSends ? finished : theirs.finished;
    tally.did[victimSends ? "senders" : "receivers"]++;
    tally.did.messages += received;
    if (!wasStopped) tally.endMs.push(endedAt - killedAt);
    const found = fault ?? theirs.fault;
    if (found) tally.wrong(found, `${label}: message ${received} was ${found}`);
    if (victimSends && received < sent.finished)
      tally.wrong("lost", `${label}: ${sent.finished} were sent and ${received} came`);
    if (received > sent.started) tally.wrong("unexpected", `${label}: ${sent.started} were begun and ${received} came`);
    const expected = victimSends ? ["ERR_INTERPROC_EOF", "the end of file"] : ["ERR_INTERPROC_BROKEN_PIPE"];
    if (!found && !expected.includes(endedBy))
      tally.wrong("wrong end", `${label}: the survivor was ended by ${endedBy}`);
  }
}
