/*
 * Kills processes that exchange messages over a transport, at random moments, and holds what came of it against what
 * they had done.
 *
 * Idea    A victim is started for the occasion, a partner outlives many of them; either of the two listens and the other connects,
 *         either sends numbered messages and the other acknowledges each by a message back. Both know all messages
 *         beforehand. The victim keeps its account in a file, one write after each step. It is killed while it starts, or
 *         at work.
 * Checks  What was acknowledged had been received, what was received is a prefix of what was sent, every byte as it must be;
 *         over shared memory and unix sockets so is all that a finished send() had taken, acknowledged or not. The
 *         survivor sees the end and does not hang. It keeps no descriptor, a listener's name can be taken over, and no file
 *         is left.
 * Limits  Over TCP a killed process whose unread bytes are thrown away makes the system reset the connection, and what was
 *         under way to its peer is lost with it: only acknowledged messages are certain there, as on any network.
 * Source  Jepsen's checkers, as in the other kill runs.
 */
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, listen, type Process, pipe, spawn } from "interproc";
import { SeededRandom } from "../rings/seeded-random.js";
import { type FaultOptions, runFaults, type Shared } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import { monotonicMs } from "./monotonic-ms.js";
import { Progress } from "./progress.js";
import { type Order, type RoundReport, transportPartner, transportVictim, type VictimJob } from "./transport-roles.js";

export const transports = ["unix", "tcp", "shm", "ws"] as const;
export type Transport = (typeof transports)[number];

/** A survivor that has said nothing for so long hangs. */
const HANGING_MS = 20_000;
const KILLS_A_PARTNER = 25;
const EARLY_MS = 250;
const BUSY_MS = 60;
/** What a process opens for the library once and for all, and Node for itself. */
const OWN_DESCRIPTORS = 12;
/** Transports on which a finished send() is with the receiver's system. */
const sure: readonly Transport[] = ["unix", "shm"];

/** Kills so many victims on one transport. */
export async function killOnTransport(transport: Transport, options: FaultOptions): Promise<FaultTally> {
  await spawn(transportVictim, [undefined]).join(); // from here on this process has what it needs itself
  let arenas = 0;
  return runFaults(`transport-kill ${transport}`, options, async (shared, seed) => {
    const arena = new Arena(transport, shared, new SeededRandom(seed), `${process.pid}-${arenas++}`);
    await arena.run();
  });
}

/** What came of a run over several transports. */
export async function killTransports(options: FaultOptions): Promise<{
  readonly isClean: boolean;
  readonly complaints: readonly string[];
  toString(): string;
}> {
  const tallies: FaultTally[] = [];
  for (const transport of transports) tallies.push(await killOnTransport(transport, options));
  return {
    isClean: tallies.every(({ isClean }) => isClean),
    complaints: tallies.flatMap(({ complaints }) => complaints),
    toString: () => tallies.join("\n"),
  };
}

/** One partner and its victims. */
class Arena {
  private readonly folder: string;
  private readonly orders: Connection<Order, RoundReport | string>;
  private readonly partner: Process;
  private readonly descriptors: number[] = [];
  private rounds = 0;

  constructor(
    private readonly transport: Transport,
    private readonly shared: Shared,
    private readonly random: SeededRandom,
    private readonly name: string,
  ) {
    this.folder = join(shared.folder, name);
    mkdirSync(this.folder, { mode: 0o700 });
    const [mine, theirs] = pipe<Order, RoundReport | string>();
    this.orders = mine;
    this.partner = spawn(transportPartner, [theirs, this.url("partner")]);
  }

  async run(): Promise<void> {
    const address = (await this.orders.recv({ timeout: HANGING_MS })) as string;
    for (let kills = 0; kills < KILLS_A_PARTNER && this.shared.take(); kills++)
      if (!(await this.round(address))) {
        this.partner.kill();
        break;
      }
    this.orders.close();
    await this.partner.join();
    this.judgeDescriptors();
    if (this.transport === "unix") await this.judgeFolder();
    if (this.shared.tally.isClean) rmSync(this.folder, { recursive: true });
  }

  private url(who: "partner" | "victim"): string {
    if (this.transport === "unix") return `unix:${join(this.folder, who)}`;
    if (this.transport === "shm") return `shm:kill-${this.name}-${who}`;
    return `${this.transport}://127.0.0.1:0`;
  }

  /** One kill. False when the partner cannot go on. */
  private async round(address: string): Promise<boolean> {
    const { random, orders, folder } = this;
    const { tally } = this.shared;
    const round = this.rounds++;
    const part = { round, isSender: random.below(2) === 0, seed: random.word() };
    const listens = random.below(2) === 0;
    const path = join(folder, `account-${round}`);
    const job: VictimJob = { ...part, listenAt: listens ? this.url("victim") : undefined, connectTo: address, path };
    const victim = new Victim(job);
    const isEarly = random.below(5) === 0;
    if (listens)
      void victim.address.then(async (connectTo) => {
        if (connectTo !== undefined) await orders.send({ connectTo, part });
      });
    if (isEarly) await sleep(random.below(EARLY_MS));
    else {
      const begun = await Promise.race([victim.begun, sleep(HANGING_MS, "late", { ref: false })]);
      if (begun === "late") tally.wrong("hung", `${this.label(job)}: the victim does not begin`);
      await sleep(random.below(BUSY_MS * 4) / 4);
    }
    const killedAt = await victim.kill();
    tally.fault(`${listens ? "listener" : "client"} killed`);
    tally.count(part.isSender ? "senders" : "receivers");
    if (isEarly) tally.count("before it began");
    if (victim.failed) tally.wrong("wrong end", `${this.label(job)}: the victim ended by itself`);
    await orders.send({ settle: round });
    const report = await orders.recv({ timeout: HANGING_MS }).catch((error: Error) => error);
    if (report instanceof Error || typeof report === "string") {
      tally.wrong("hung", `${this.label(job)}: no word from the survivor: ${String(report)}`);
      return false;
    }
    this.descriptors.push(report.descriptors);
    this.judge(job, report, killedAt);
    return true;
  }

  private label({ round, isSender, listenAt, seed }: VictimJob): string {
    const who = `${isSender ? "sender" : "receiver"} that ${listenAt === undefined ? "connects" : "listens"}`;
    return `${this.transport} ${this.name}, round ${round}: a ${who}, seed ${seed}`;
  }

  private judge(job: VictimJob, { account, endedBy, endedAt }: RoundReport, killedAt: number): void {
    const { tally } = this.shared;
    const victims = Progress.read(job.path);
    const victimResolved = Progress.read(`${job.path}-resolved`).finished;
    const label = this.label(job);
    if (victims.fault) tally.wrong(victims.fault, `${label}: message ${victims.finished} at the victim`);
    if (!account) {
      if (victims.finished > 0)
        tally.wrong("lost", `${label}: the victim had ${victims.finished}, the partner nothing`);
      return;
    }
    tally.death(job.isSender ? "sending" : "receiving");
    tally.took("the survivor sees the end", Math.max(0, endedAt - killedAt));
    tally.count("messages", job.isSender ? account.finished : victims.finished);
    if (account.fault) tally.wrong(account.fault, `${label}: message ${account.finished} at the partner`);
    else if (endedBy !== "ERR_INTERPROC_EOF" && endedBy !== "ERR_INTERPROC_BROKEN_PIPE")
      tally.wrong("wrong end", `${label}: the survivor was ended by ${endedBy}`);
    const [sender, receiver] = job.isSender ? [victims, account] : [account, victims];
    if (receiver.finished > sender.started)
      tally.wrong("unexpected", `${label}: ${sender.started} were begun and ${receiver.finished} came`);
    if (sender.finished > receiver.finished)
      tally.wrong("lost", `${label}: ${sender.finished} were acknowledged and ${receiver.finished} came`);
    if (!job.isSender || victimResolved <= receiver.finished) return;
    const said = `${label}: ${victimResolved} sends were finished and ${receiver.finished} came`;
    if (sure.includes(this.transport)) tally.wrong("lost", said);
    else tally.count("sent and not acknowledged, lost with a reset", victimResolved - receiver.finished);
  }

  private judgeDescriptors(): void {
    const last = this.descriptors.at(-1) ?? 0;
    const [first = last] = this.descriptors;
    if (last > first + OWN_DESCRIPTORS)
      this.shared.tally.wrong("descriptors left", `${this.name}: the partner had ${first} and then ${last}`);
  }

  /** Who listens next removes what killed ones have left, once that is old. */
  private async judgeFolder(): Promise<void> {
    const old = Date.now() / 1000 - 3600;
    for (const left of this.leftovers()) utimesSync(join(this.folder, left), old, old);
    const listener = await listen(this.url("victim"));
    await listener.close();
    for (const left of [...this.leftovers(), ...readdirSync(this.folder).filter((one) => !one.startsWith("account-"))])
      this.shared.tally.wrong("files left", `${join(this.folder, left)}`);
  }

  private leftovers(): string[] {
    return readdirSync(this.folder).filter((one) => one.startsWith(".i-"));
  }
}

/** A process that is killed, and what it says before. */
class Victim {
  readonly address: Promise<string | undefined>;
  readonly begun: Promise<unknown>;
  private readonly child: Process;
  private readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  private isKilled = false;
  /** It ended before anybody killed it. */
  failed = false;

  constructor(job: VictimJob) {
    this.child = spawn(transportVictim, [job], { stdio: ["ignore", "pipe", "ignore"] });
    this.exit = this.child.join();
    void this.exit.then(() => {
      this.failed = !this.isKilled;
    });
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    const line = (isMeant: (text: string) => boolean): Promise<string | undefined> =>
      new Promise((resolve) => {
        lines.on("line", (text) => isMeant(text) && resolve(text));
        lines.once("close", () => resolve(undefined));
      });
    this.address = line((text) => text !== "begun");
    this.begun = Promise.race([line((text) => text === "begun"), this.exit]);
  }

  /** Gives the moment of it, in monotonic milliseconds. */
  async kill(): Promise<number> {
    const at = monotonicMs();
    this.isKilled = !this.failed;
    this.child.kill();
    await this.exit;
    const { stdout } = this.child;
    if (stdout && !stdout.destroyed) {
      const closed = once(stdout, "close");
      stdout.destroy();
      await closed;
    }
    return at;
  }
}
