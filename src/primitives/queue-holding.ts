import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../deadline.js";
import { ClosedError, CodecError } from "../errors.js";
import { ItemStore } from "../rings/item-store.js";
import { nextTurn, turnIsDue } from "../sync/loop-turn.js";
import { parker } from "../sync/parker.js";
import { Pending } from "../sync/pending.js";
import type { Waiters } from "../sync/waiters.js";
import { dropLink, flightFolder } from "./flight.js";
import type { Holding } from "./holding.js";
import { type Body, decodeBody, encodeBody, linksOf, undoBody } from "./queue-body.js";
import { QueueCore, QueueWait } from "./queue-core.js";
import { QueueMessage } from "./queue-message.js";

/** Where dead letters go: says whether there was room for one. */
export type DeadLetters = (value: unknown) => boolean;

/** What an attempt to take gives when nothing more will ever come. */
export const OVER = Symbol("over");

let scratch = new Uint8Array(64 * 1024);

/** Memory of this thread for items on their way out, until the next call. */
function scratchOf(bytes: number): Uint8Array {
  if (scratch.length < bytes) scratch = new Uint8Array(Math.max(bytes, scratch.length * 2));
  return scratch;
}

/** One handle's use of a queue: its calls that wait, and what it has taken. */
export class QueueHolding {
  readonly core: QueueCore;
  readonly folder: string;
  private readonly unsettled = new Set<QueueMessage<unknown>>();
  private readonly waits = new Map<QueueWait, Pending<never> | undefined>();
  /** Values that wait for room, in the order of the calls. */
  private readonly putting: QueueWait[] = [];
  holdsLoop = true;
  isClosed = false;

  constructor(
    holding: Holding,
    private readonly label: string,
    private readonly deadLetters: () => DeadLetters | undefined,
  ) {
    this.core = QueueCore.of(holding);
    this.folder = flightFolder(holding.segment.id);
  }

  requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${this.label}: ${operation} after close()`);
  }

  tryPut(value: unknown, priority: number, patient: boolean): boolean {
    this.requireOpen("put()");
    if (this.putting.length > 0) return false;
    const { core, folder } = this;
    const body = encodeBody(value, core.share, folder, false);
    return this.putBody(body, priority, patient);
  }

  /** Whether calls wait for room, behind which later ones belong. */
  get isPutting(): boolean {
    return this.putting.length > 0;
  }

  /** Puts as many of the encoded values as there is room for, and gives how many. */
  putEncoded(bytes: Uint8Array, ends: readonly number[], flags: readonly number[]): number {
    return this.core.putMany(bytes, ends, flags);
  }

  /** Puts what is encoded; what cannot be put leaves nothing behind. */
  private putBody(body: Body, priority: number, patient: boolean): boolean {
    let isIn = false;
    try {
      isIn = this.core.put(body.bytes, 0, body.length, body.flags, priority, patient) === "done";
    } finally {
      if (!isIn) undoBody(body, this.folder);
    }
    for (const one of body.given) one.commit("whoever takes it from the queue");
    return isIn;
  }

  put(value: unknown, priority: number, options: WaitOptions = {}): Promise<void> {
    const operation = `${this.label}: put()`;
    if (options.timeout !== undefined) deadlineOf(options.timeout, operation);
    options.signal?.throwIfAborted();
    this.requireOpen("put()");
    const waits = this.preparePut(value, priority);
    if (!waits) return turnIsDue() ? nextTurn() : DONE;
    const pending = new Pending<void>(operation, options, () => waits.giveUp(), value);
    waits.settle = (error) => (error === undefined ? pending.resolve() : pending.reject(error));
    this.waits.set(waits.wait, pending as Pending<never>);
    parker().start(waits.wait);
    return pending.promise;
  }

  putSync(value: unknown, priority: number, options: SyncWaitOptions = {}, requireOthers: () => void): void {
    const operation = `${this.label}: putSync()`;
    const deadline = deadlineOf(options.timeout, operation);
    this.requireOpen("putSync()");
    const waits = this.preparePut(value, priority, options.timeout === undefined ? requireOthers : undefined);
    if (!waits) return;
    let failed: unknown;
    waits.settle = (error) => {
      failed = error;
    };
    try {
      if (!parker().waitSync([waits.wait], deadline)) throw timedOut(operation, options.timeout, value);
    } finally {
      if (!waits.isOver) waits.giveUp();
    }
    if (failed !== undefined) throw failed;
  }

  /** Puts a value, or prepares the wait for room with a snapshot of it. */
  private preparePut(value: unknown, priority: number, requireOthers?: () => void): PutWait | undefined {
    const { core, folder } = this;
    if (this.putting.length === 0) {
      const body = encodeBody(value, core.share, folder, false);
      let result: string | undefined;
      try {
        result = core.put(body.bytes, 0, body.length, body.flags, priority, false);
      } finally {
        if (result === undefined) undoBody(body, folder);
      }
      if (result === "done") {
        for (const one of body.given) one.commit("whoever takes it from the queue");
        return undefined;
      }
      return this.waitToPut({ ...body, bytes: body.bytes.slice(0, body.length) }, priority, requireOthers);
    }
    return this.waitToPut(encodeBody(value, core.share, folder, true), priority, requireOthers);
  }

  private waitToPut(body: Body, priority: number, requireOthers?: () => void): PutWait {
    const { core, putting } = this;
    const blocks = ItemStore.blocksFor(body.length);
    const end = (error?: unknown): true => {
      waits.isOver = true;
      putting.splice(putting.indexOf(wait), 1);
      this.waits.delete(wait);
      if (error === undefined) for (const one of body.given) one.commit("whoever takes it from the queue");
      else undoBody(body, this.folder);
      waits.settle(error);
      return true;
    };
    const wait = new QueueWait(
      core,
      core.writers,
      () => {
        if (putting[0] !== wait || !core.mayHaveRoom(blocks)) return false;
        try {
          return core.put(body.bytes, 0, body.length, body.flags, priority, false) === "done" && end();
        } catch (error) {
          return end(error);
        }
      },
      this.holdsLoop,
      blocks,
      requireOthers,
    );
    const waits: PutWait = {
      wait,
      isOver: false,
      settle: () => undefined,
      giveUp: () => {
        waits.isOver = true;
        putting.splice(putting.indexOf(wait), 1);
        this.waits.delete(wait);
        parker().stop(wait);
        core.giveUpClaim();
        undoBody(body, this.folder);
        core.writers.wakeAll();
      },
    };
    putting.push(wait);
    return waits;
  }

  /** Takes and acknowledges the next message. @throws CodecError for one that cannot be decoded; it is dropped */
  tryGet(patient: boolean): { value: unknown } | undefined {
    let found: { value: unknown } | undefined;
    this.getMany(1, (value) => (found = { value }), patient);
    return found;
  }

  /** Takes and acknowledges up to `max` messages. Gives how many. */
  getMany(max: number, give: (value: unknown) => void, patient: boolean): number {
    this.requireOpen("get()");
    const { core, folder } = this;
    const ends: number[] = [];
    const flags: number[] = [];
    let at = 0;
    const buffer = scratchOf(64 * 1024);
    const long = core.takeMany(
      max,
      (item) => {
        const length = core.store.lengthOf(item);
        if (at + length > buffer.length || !this.isPlain(item)) return false;
        core.store.read(item, buffer, at);
        at += length;
        ends.push(at);
        flags.push(core.store.flagsOf(item));
        return true;
      },
      patient,
    );
    let failed: unknown;
    for (let i = 0; i < ends.length; i++) {
      try {
        give(decodeBody(buffer, i === 0 ? 0 : ends[i - 1], ends[i], flags[i], folder).value);
      } catch (error) {
        failed ??= error;
      }
    }
    let count = ends.length;
    const acked = (message: QueueMessage<unknown>): void => {
      message.ack();
      give(message.value);
    };
    if (long >= 0) {
      const went = this.deliver(long, acked);
      if (went === "given") count++;
      else if (went === "buried" && count === 0) return this.getMany(max, give, patient);
    }
    if (failed !== undefined) throw failed;
    return count;
  }

  /** Takes the next message without acknowledging it. */
  tryTake(patient: boolean): QueueMessage<unknown> | undefined {
    this.requireOpen("take()");
    let found: QueueMessage<unknown> | undefined;
    for (;;) {
      const item = this.core.take(patient);
      if (item < 0) return undefined;
      const went = this.deliver(item, (message) => (found = message));
      if (went !== "buried") return found;
    }
  }

  /** Waits until `attempt` gives something, in the event loop; OVER when nothing more will come. */
  whenReady<R>(
    attempt: () => R | undefined,
    line: Waiters,
    operation: string,
    options: WaitOptions,
  ): Promise<R | typeof OVER> {
    const wait = new QueueWait(
      this.core,
      line,
      () => {
        if (!this.mayEnd(line)) return false;
        try {
          const result = attempt() ?? (this.core.isOver ? OVER : undefined);
          if (result === undefined) return false;
          this.waits.delete(wait);
          pending.resolve(result);
        } catch (error) {
          this.waits.delete(wait);
          pending.reject(error);
        }
        this.passOn(line);
        return true;
      },
      this.holdsLoop,
    );
    const pending = new Pending<R | typeof OVER>(`${this.label}: ${operation}`, options, () => {
      this.waits.delete(wait);
      parker().stop(wait);
      this.passOn(line);
    });
    this.waits.set(wait, pending as Pending<never>);
    parker().start(wait);
    return pending.promise;
  }

  /** The same, blocking the thread. */
  whenReadySync<R>(
    attempt: () => R | undefined,
    line: Waiters,
    operation: string,
    options: SyncWaitOptions,
    requireOthers: () => void,
  ): R | typeof OVER {
    const deadline = deadlineOf(options.timeout, `${this.label}: ${operation}`);
    let result: R | typeof OVER | undefined;
    const wait = new QueueWait(
      this.core,
      line,
      () => {
        if (!this.mayEnd(line)) return false;
        result = attempt() ?? (this.core.isOver ? OVER : undefined);
        return result !== undefined;
      },
      true,
      0,
      options.timeout === undefined ? requireOthers : undefined,
    );
    const isIn = parker().waitSync([wait], deadline);
    this.passOn(line);
    if (!isIn || result === undefined) throw timedOut(`${this.label}: ${operation}`, options.timeout);
    return result;
  }

  /** Whether a wait could end now, by a look that disturbs nobody. */
  private mayEnd(line: Waiters): boolean {
    const { core } = this;
    return line === core.joiners ? core.store.pending === 0 : core.mayBeReady;
  }

  finish(item: number, links: readonly string[]): void {
    this.core.finish(item);
    for (const link of links) dropLink(this.folder, link);
  }

  giveBack(item: number): void {
    this.core.giveBack(item);
  }

  /** Puts a taken message to the dead letters, or drops it; back to the queue when there is no room for it. */
  bury(item: number, value: unknown, links: readonly string[]): boolean {
    if (this.deadLetters()?.(value) === false) {
      this.core.giveBack(item);
      return false;
    }
    this.finish(item, links);
    return true;
  }

  settled(message: QueueMessage<unknown>): void {
    this.unsettled.delete(message);
  }

  /** Nothing more is put. `immediate`: what is ready is dropped. */
  shutDown(immediate: boolean): void {
    this.requireOpen("shutdown()");
    const links: string[] = [];
    this.core.shutDown(immediate, (item) => {
      const { store } = this.core;
      const bytes = new Uint8Array(store.lengthOf(item));
      store.read(item, bytes, 0);
      links.push(...linksOf(bytes, store.flagsOf(item)));
    });
    for (const link of links) dropLink(this.folder, link);
  }

  /** Ends every call that waits and gives back what was taken. */
  close(error: () => Error): void {
    if (this.isClosed) return;
    for (const [wait, pending] of this.waits) {
      parker().stop(wait);
      pending?.reject(error());
    }
    this.waits.clear();
    for (const message of [...this.unsettled]) message[Symbol.dispose]();
    this.isClosed = true;
  }

  setHoldsLoop(held: boolean): void {
    this.holdsLoop = held;
    for (const wait of this.waits.keys()) wait.holdsLoop = held;
    parker().holdsChanged();
  }

  /** Makes a message of a taken item, unless it was taken too often. */
  private deliver(item: number, give: (message: QueueMessage<unknown>) => void): "given" | "buried" | "kept" {
    const { core } = this;
    const deliveries = core.store.deliveriesOf(item);
    let unpacked: { value: unknown; links: readonly string[] };
    try {
      unpacked = this.unpack(item);
    } catch (error) {
      this.finish(item, []);
      throw error instanceof CodecError ? error : new CodecError("a message could not be taken", { cause: error });
    }
    if (core.maxDeliveries > 0 && deliveries > core.maxDeliveries)
      return this.bury(item, unpacked.value, unpacked.links) ? "buried" : "kept";
    const message = new QueueMessage(unpacked.value, deliveries, item, unpacked.links, this);
    this.unsettled.add(message);
    give(message);
    return "given";
  }

  private unpack(item: number): { value: unknown; links: readonly string[] } {
    const { store } = this.core;
    const length = store.lengthOf(item);
    const buffer = scratchOf(length);
    store.read(item, buffer, 0);
    return decodeBody(buffer, 0, length, store.flagsOf(item), this.folder);
  }

  /** Whether an item stands for itself and may be delivered. */
  private isPlain(item: number): boolean {
    const { core } = this;
    if ((core.store.flagsOf(item) & ~0xff) !== 0) return false;
    return core.maxDeliveries === 0 || core.store.deliveriesOf(item) <= core.maxDeliveries;
  }

  /** Who was woken alone tells the next one that there is more. */
  private passOn(line: Waiters): void {
    if (line === this.core.readers && this.core.store.ready > 0) line.wakeOldest();
  }
}

interface PutWait {
  readonly wait: QueueWait;
  isOver: boolean;
  settle(error?: unknown): void;
  giveUp(): void;
}

const DONE = Promise.resolve();
