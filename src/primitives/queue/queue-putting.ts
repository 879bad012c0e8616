import { type Carried, carriedIn } from "../../carried.js";
import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import { diagnostics } from "../../diagnostics.js";
import { ClosedError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { blocksFor } from "../../rings/block-chains.js";
import { parker } from "../../sync/parker.js";
import { Pending } from "../../sync/pending.js";
import { type Body, commitBody, encodeBody, undoBody } from "../message-body.js";
import type { Put, QueueCore } from "./queue-core.js";
import { QueueWait } from "./queue-wait.js";

const DONE = Promise.resolve();
const { queuePut } = diagnostics;

/** A call that waits for room. */
interface PutWait {
  readonly wait: QueueWait;
  /** Told how it ended: with an error, or well. */
  settle(error?: unknown): void;
}

/** What one handle puts: its calls that wait for room go in the order in which they came. */
export class QueuePutting {
  private readonly waiting: PutWait[] = [];
  private readonly bodies = new Map<PutWait, Body>();
  private holdsLoop = true;

  constructor(
    private readonly core: QueueCore,
    private readonly label: string,
  ) {}

  /** Whether calls wait for room, behind which later ones belong. */
  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** `headers`: what goes along, of a message that has come with it. */
  tryPut(value: unknown, priority: number, headers?: Carried): boolean {
    return queuePut.isWatched && headers === undefined
      ? this.told("tryPut()", (carried) => this.tryPutWith(value, priority, carried))
      : this.tryPutWith(value, priority, headers);
  }

  private tryPutWith(value: unknown, priority: number, headers?: Carried): boolean {
    if (this.isWaiting) {
      if (this.core.isShutDown) throw this.shutError("tryPut()", value);
      return false;
    }
    const body = encodeBody(value, this.core.share, this.core.folder, false, headers);
    const result = this.putBody(body, priority, true);
    if (result === "shut") throw this.shutError("tryPut()", value);
    return result === "done";
  }

  put(value: unknown, priority: number, options?: WaitOptions): Promise<void> {
    return queuePut.isWatched
      ? this.told("put()", (headers) => this.putWith(value, priority, options, headers))
      : this.putWith(value, priority, options);
  }

  private putWith(value: unknown, priority: number, options: WaitOptions = {}, headers?: Carried): Promise<void> {
    const operation = `${this.label}: put()`;
    if (options.timeout !== undefined) deadlineOf(options.timeout, operation);
    options.signal?.throwIfAborted();
    const waits = this.putOrWait(value, priority, "put()", headers);
    if (!waits) return turnIsDue() ? nextTurn() : DONE;
    const pending = new Pending<void>(operation, options, () => this.giveUp(waits), value);
    waits.settle = (error) => (error === undefined ? pending.resolve() : pending.reject(error));
    parker().start(waits.wait);
    return pending.promise;
  }

  putSync(value: unknown, priority: number, options: SyncWaitOptions | undefined, requireOthers: () => void): void {
    if (queuePut.isWatched)
      this.told("putSync()", (headers) => this.putSyncWith(value, priority, options, requireOthers, headers));
    else this.putSyncWith(value, priority, options, requireOthers);
  }

  private putSyncWith(
    value: unknown,
    priority: number,
    options: SyncWaitOptions = {},
    requireOthers: () => void,
    headers?: Carried,
  ): void {
    const operation = `${this.label}: putSync()`;
    const deadline = deadlineOf(options.timeout, operation);
    const waits = this.putOrWait(
      value,
      priority,
      "putSync()",
      headers,
      options.timeout === undefined ? requireOthers : undefined,
    );
    if (!waits) return;
    let failed: unknown;
    waits.settle = (error) => {
      failed = error;
    };
    try {
      if (!parker().waitSync([waits.wait], deadline)) throw timedOut(operation, options.timeout, value);
    } finally {
      this.giveUp(waits);
    }
    if (failed !== undefined) throw failed;
  }

  /** Whether messages go one by one, each with what subscribers want to go along with it. */
  get isTold(): boolean {
    return queuePut.isWatched;
  }

  /** Puts as many of the encoded values as there is room for, and gives how many. */
  putEncoded(bytes: Uint8Array, ends: readonly number[], flags: readonly number[], priority: number): number {
    return this.core.putMany(bytes, ends, flags, priority);
  }

  /** The longest value that is put along with others. */
  get share(): number {
    return this.core.share;
  }

  /** Ends every call that waits. */
  rejectAll(error: () => Error): void {
    for (const waits of [...this.waiting]) {
      this.giveUp(waits);
      waits.settle(error());
    }
  }

  setHoldsLoop(held: boolean): void {
    this.holdsLoop = held;
    for (const { wait } of this.waiting) wait.holdsLoop = held;
  }

  private told<T>(operation: string, put: (headers: Carried | undefined) => T): T {
    const { name } = this.core.holding.segment;
    const event = { operation, url: `shm:${name}`, count: 1, headers: {} };
    return queuePut.trace(event, () => put(carriedIn(event.headers)));
  }

  /** Puts a value, or prepares the wait for room with a snapshot of it. */
  private putOrWait(
    value: unknown,
    priority: number,
    operation: string,
    headers?: Carried,
    requireOthers?: () => void,
  ): PutWait | undefined {
    const { core } = this;
    if (core.isShutDown) throw this.shutError(operation, value);
    const body = encodeBody(value, core.share, core.folder, this.isWaiting, headers);
    if (this.isWaiting) return this.waitForRoom(body, value, priority, operation, requireOthers);
    const result = this.putBody(body, priority, false, true);
    if (result === "done") return undefined;
    if (result === "shut") throw this.shutError(operation, value);
    const kept =
      body.bytes.length === body.length && body.given.length > 0 ? body.bytes : body.bytes.slice(0, body.length);
    return this.waitForRoom({ ...body, bytes: kept }, value, priority, operation, requireOthers);
  }

  /** Puts what is encoded. What is not put leaves nothing behind, unless it is to be tried again. */
  private putBody(body: Body, priority: number, patient: boolean, again = false, by?: QueueWait): Put {
    const { core } = this;
    let result: Put | undefined;
    try {
      result = core.put(body.bytes, body.length, body.flags, priority, patient, by);
    } finally {
      if (result !== "done" && !(again && (result === "full" || result === "busy"))) undoBody(body, core.folder);
    }
    if (result === "done") commitBody(body);
    return result;
  }

  private waitForRoom(
    body: Body,
    value: unknown,
    priority: number,
    operation: string,
    requireOthers?: () => void,
  ): PutWait {
    const { core, waiting } = this;
    const blocks = blocksFor(body.length);
    const attempt = (): boolean => {
      if (!this.isFirst(waits) || !core.mayHaveRoom(blocks)) return false;
      let result: Put;
      try {
        result = this.putBody(body, priority, false, true, wait);
        if (result === "full" || result === "busy") return false;
      } catch (error) {
        this.forget(waits);
        waits.settle(error);
        return true;
      }
      this.forget(waits);
      waits.settle(result === "shut" ? this.shutError(operation, value) : undefined);
      return true;
    };
    const wait = new QueueWait(core, core.writers, attempt, this.holdsLoop, { blocks, requireOthers });
    const waits: PutWait = { wait, settle: () => undefined };
    waiting.push(waits);
    this.bodies.set(waits, body);
    return waits;
  }

  /** Whether it is a call's turn. One that blocks the thread sees to those before it, which the loop would run. */
  private isFirst(waits: PutWait): boolean {
    while (this.waiting[0] !== waits) {
      const [first] = this.waiting;
      if (first === undefined || !this.bodies.has(waits) || !first.wait.attempt()) return false;
      parker().stop(first.wait);
    }
    return true;
  }

  private forget(waits: PutWait): void {
    const index = this.waiting.indexOf(waits);
    if (index >= 0) this.waiting.splice(index, 1);
    this.bodies.delete(waits);
  }

  /** A call that waits is given up, unless it has ended. */
  private giveUp(waits: PutWait): void {
    const body = this.bodies.get(waits);
    if (!body) return;
    this.forget(waits);
    parker().stop(waits.wait);
    this.core.giveUpClaim(waits.wait);
    undoBody(body, this.core.folder);
    this.core.writers.wakeAll(); // what was kept for it is the others' now
  }

  private shutError(operation: string, undelivered: unknown): ClosedError {
    return new ClosedError(`${this.label}: ${operation} after shutdown()`, {
      resource: this.core.holding.segment.name || undefined,
      undelivered,
    });
  }
}
