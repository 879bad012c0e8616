import { mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { MessageHeaders, QueueCapability } from "../../async-queue.js";
import { ClosedError, MismatchError, NotFoundError, SystemError, UsageError } from "../../errors.js";
import { Bounds } from "../bounds.js";
import type { Incoming, Outgoing, QueueDriver, QueueShape, Settlement } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { checkOpen } from "../check-options.js";
import { type FileDoor, realFiles } from "./file-door.js";
import type { FileLocks } from "./file-locks.js";
import type { Turn } from "./file-turn.js";
import { FileTurns } from "./file-turns.js";
import { QueueLog } from "./queue-log.js";
import { type Entry, QueueState } from "./queue-state.js";

const MOST_BODY = 256 << 20;
const capabilities: ReadonlySet<QueueCapability> = new Set([
  ...(["size", "unacked", "join", "shutdown", "maxItems", "maxDeliveries", "deadLetter", "priorities"] as const),
  ...(["delay", "ttl", "headers", "front", "deliveries", "durable"] as const),
]);

/** What of a message is in the file beside its body. */
interface Meta {
  readonly i: string;
  readonly t?: string;
  readonly h?: MessageHeaders;
}

/** A message that goes to the dead letters. */
interface Letter {
  readonly entry: Entry;
  readonly meta: Meta;
  readonly body: Buffer;
}

/** Opens the durable queue in a folder, or makes it. @throws MismatchError, NotFoundError, UsageError, SystemError */
export async function openFileQueue(
  { name, shown }: Pick<BrokerUrl, "name" | "shown">,
  options: QueueShape,
  operation: string,
  door: FileDoor = realFiles,
): Promise<QueueDriver> {
  checkOpen(options, capabilities, operation);
  if (options.capacity !== undefined)
    throw new UsageError(`${operation}: capacity is ${options.capacity}; allowed: in shared memory only`);
  makeFolder(name, operation, options.mustExist === true);
  const { FileLocks } = await import("./file-locks.js");
  const locks = await FileLocks.open(join(name, "lock"));
  const log = new QueueLog(name, door, `queue ${shown}`);
  const state = new QueueState();
  try {
    await locks.acquire(() => true);
    try {
      await log.refresh(state, options.mustExist !== true);
    } finally {
      locks.release();
    }
  } catch (error) {
    log.close();
    locks.close();
    throw error;
  }
  return new FileQueue(name, options, locks, log, state);
}

function makeFolder(path: string, operation: string, mustExist: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const resource = path;
  if (found === undefined) {
    if (mustExist) throw new NotFoundError(`${operation}: there is no such folder`, { resource });
    try {
      mkdirSync(path, 0o700);
    } catch (cause) {
      const { code, syscall, message } = cause as NodeJS.ErrnoException;
      if (code === "EEXIST") return;
      if (code === "ENOENT")
        throw new NotFoundError(`${operation}: there is no folder to make it in`, { resource, cause });
      throw new SystemError(`${operation}: ${message}`, { errno: code, syscall, resource, cause });
    }
    return;
  }
  if (!found.isDirectory())
    throw new MismatchError(`${operation}: it is a file; allowed: the folder of a queue`, { resource });
  const others = readdirSync(path);
  if (!others.includes("log") && others.some((other) => other !== "lock" && other !== "log.new"))
    throw new MismatchError(
      `${operation}: the folder has ${JSON.stringify(others[0])} and no log of a queue in it; allowed: an empty folder, or a queue's`,
      { resource },
    );
}

/** A durable queue in a folder: see QueueLog and FileTurns. */
class FileQueue implements QueueDriver {
  readonly capabilities = capabilities;
  private readonly turns: FileTurns;
  private letters: Promise<QueueDriver> | undefined;

  constructor(
    private readonly folder: string,
    private readonly options: QueueShape,
    private readonly locks: FileLocks,
    private readonly log: QueueLog,
    private readonly state: QueueState,
  ) {
    this.turns = new FileTurns(folder, locks, log, state);
  }

  put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    let done = 0;
    for (const { body } of messages)
      if (body.length > MOST_BODY)
        throw new UsageError(`queue file:${this.folder}: put() of ${body.length} bytes; at most ${MOST_BODY}`);
    const { maxItems = Number.POSITIVE_INFINITY } = this.options;
    const { state } = this;
    return this.turns.submit(
      (turn) => {
        if (state.isShutDown)
          return () => {
            throw new ClosedError(`queue file:${this.folder}: put(), and it was shut down`, {
              resource: `file:${this.folder}`,
            });
          };
        if (turn.isFull) return undefined;
        while (done < messages.length) {
          if (state.ready(turn.moment) + turn.added >= maxItems) {
            turn.isFull = true;
            return undefined;
          }
          if (done === 0 && !bounds.commit()) return undefined;
          this.add(messages[done++], turn);
        }
        return () => undefined;
      },
      false,
      bounds,
    );
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined> {
    let letters: Letter[] = [];
    const found = await this.turns.submit<Incoming[] | typeof OVER>(
      (turn) => {
        letters = [];
        const entries = this.pick(max, turn, letters);
        if (letters.length > 0 && entries.length === 0 && isWaiting)
          this.bury(letters.splice(0)).catch(() => undefined);
        if (entries.length > 0)
          turn.records.taken(
            this.turns.seat,
            entries.map(({ id }) => id),
          );
        else if (isWaiting) return this.isOver(turn.moment) ? () => OVER : undefined;
        return () => entries.map((entry) => this.incoming(entry));
      },
      true,
      bounds,
    );
    if (letters.length > 0) await this.bury(letters);
    return found === OVER ? undefined : found;
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const ids = messages.map(({ token }) => token as number);
    const letters = await this.turns.submit((turn) => {
      const held = ids.flatMap((id) => this.state.entries.get(id) ?? []).filter(({ seat }) => seat === this.turns.seat);
      const isDead = ({ deliveries }: Entry): boolean =>
        how === "reject" ||
        (how === "requeue" && deliveries >= (this.options.maxDeliveries ?? Number.POSITIVE_INFINITY));
      const dead = held.filter(isDead);
      const rest = held.filter((entry) => !isDead(entry)).map(({ id }) => id);
      const found = this.letter(dead, turn, false);
      if (rest.length > 0 && how === "ack") turn.records.gone(rest);
      else if (rest.length > 0) turn.records.back(rest, how === "requeue");
      return () => found;
    });
    if (letters.length > 0) await this.bury(letters);
  }

  size(): Promise<number> {
    return this.turns.submit((turn) => () => this.state.ready(turn.moment));
  }

  unacked(): Promise<number> {
    return this.turns.submit(() => () => this.state.taken, true);
  }

  join(bounds: Bounds): Promise<void> {
    return this.turns.submit(() => (this.state.entries.size === 0 ? () => undefined : undefined), true, bounds);
  }

  async shutdown(immediate: boolean): Promise<void> {
    if (immediate) await this.purge();
    await this.turns.submit((turn) => {
      if (!this.state.isShutDown) turn.records.shut();
      turn.mustSync = true;
      return () => undefined;
    });
  }

  purge(): Promise<number> {
    return this.turns.submit((turn) => {
      const ids = [...this.state.entries.values()].filter(({ seat }) => seat === 0).map(({ id }) => id);
      if (ids.length > 0) turn.records.gone(ids);
      turn.mustSync = true;
      return () => ids.length;
    });
  }

  async delete(): Promise<void> {
    await this.turns.submit(() => () => {
      for (const name of ["log", "log.new", "lock"]) rmSync(join(this.folder, name), { force: true });
      try {
        rmdirSync(this.folder);
      } catch (error) {
        // what was cut off a damaged log stays
        if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.turns.close();
    this.log.close();
    this.locks.close();
    await (await this.letters?.catch(() => undefined))?.close();
  }

  /** Timers and syncs that are under way hold it by themselves. */
  hold(): void {}

  private add({ body, contentType, id, headers, priority, delay, ttl }: Outgoing, turn: Turn): void {
    const meta: Meta = { i: id, t: contentType, ...(Object.keys(headers).length > 0 && { h: headers }) };
    turn.records.put({
      id: this.state.nextId + turn.added++,
      notBefore: delay > 0 ? turn.moment + delay : 0,
      expires: ttl === Number.POSITIVE_INFINITY ? 0 : turn.moment + ttl,
      priority,
      meta: Buffer.from(JSON.stringify(meta)),
      body,
    });
    turn.mustSync = true;
  }

  /** Takes from the line; those that have expired, or were handed out too often, go elsewhere. */
  private pick(max: number, turn: Turn, letters: Letter[]): Entry[] {
    const { maxDeliveries = Number.POSITIVE_INFINITY } = this.options;
    const found: Entry[] = [];
    const dead: Entry[] = [];
    while (found.length < max) {
      const entry = this.state.pick(turn.moment);
      if (entry === undefined) break;
      const isExpired = entry.expires > 0 && entry.expires <= turn.moment;
      if (isExpired || entry.deliveries >= maxDeliveries) dead.push(entry);
      else found.push(entry);
    }
    letters.push(...this.letter(dead, turn, true));
    return found;
  }

  /** What is to become of dead messages: records if they just go, else letters that are to be put elsewhere first. */
  private letter(dead: readonly Entry[], turn: Turn, isPicked: boolean): Letter[] {
    if (dead.length === 0) return [];
    const ids = dead.map(({ id }) => id);
    if (this.options.deadLetter === undefined) {
      turn.records.gone(ids);
      return [];
    }
    if (isPicked) turn.records.taken(this.turns.seat, ids);
    return dead.map((entry) => {
      const { meta, body } = this.log.read(entry);
      return { entry, meta: JSON.parse(meta.toString()) as Meta, body };
    });
  }

  /** First they are there, then they are gone from here: killed in between, a letter comes twice, under one id. */
  private async bury(letters: readonly Letter[]): Promise<void> {
    const name = this.options.deadLetter as string;
    this.letters ??= openFileQueue({ name, shown: `file:${name}` }, {}, `dead letters of queue file:${this.folder}`);
    const queue = await this.letters;
    const messages = letters.map(({ meta: { i, t = "", h = {} }, body }) => ({
      ...{ body, contentType: t, id: i, headers: h, priority: 0, delay: 0, ttl: Number.POSITIVE_INFINITY },
    }));
    const ids = letters.map(({ entry }) => entry.id);
    let isThere = false;
    try {
      await queue.put(messages, new Bounds());
      isThere = true;
    } finally {
      await this.turns.submit((turn) => {
        if (isThere) turn.records.gone(ids);
        else turn.records.back(ids, false);
        return () => undefined;
      });
    }
  }

  private isOver(moment: number): boolean {
    const { state } = this;
    if (!state.isShutDown || state.ready(moment) > 0 || state.waiting > 0) return false;
    return [...state.seats()].every((seat) => seat === this.turns.seat);
  }

  private incoming(entry: Entry): Incoming {
    const { meta, body } = this.log.read(entry);
    const { i, t, h = {} } = JSON.parse(meta.toString()) as Meta;
    const { deliveries, id } = entry;
    return { body, contentType: t, id: i, headers: h, deliveries, redelivered: deliveries > 1, token: id };
  }
}

const OVER = Symbol("over");
