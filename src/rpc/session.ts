/*
 * Session: typed calls in both directions over one connection.
 *
 * Idea    Calls have numbers, and answers come in any order. What cannot be sent as a value stays where it is, under a
 *         number by which the other side can call it (functions), fire it (signals) or ask for more of it (sequences).
 *         Neither side numbers its messages, both count them: so a message that cannot be decoded can be told of.
 * States  open -> ended, once: by the end of the connection on either side, or by a message that breaks the protocol
 * Order   Messages of one side arrive in the order in which it sent them; methods begin in the order of their calls.
 * Death   Of the other side: every call that waits rejects at once, every sequence from it throws, the signals of calls that
 *         it had made fire, sequences to it are ended (their `return` runs), and its functions cannot be called any more.
 * Limits  So many calls are under way at most; further ones wait their turn on the side that makes them. A function that was
 *         passed lives until the other side has collected or disposed of it, or the session ends. A signal counts until
 *         the call that it went along with is answered. Answers that the other side does not take stop the reading of its
 *         calls; not while this side waits for an answer itself, or two such sides would wait for each other.
 * Source  JSON-RPC's numbered calls; the tables of exports of CapTP and Cap'n Proto; the credits of reactive streams.
 */
import { afterTurn } from "../after-turn.js";
import type { Carried } from "../carried.js";
import type { AsyncConnection, Connection } from "../channel.js";
import { toldWhere } from "../codec/told-where.js";
import { startTimer, timedOut } from "../deadline.js";
import { diagnostics } from "../diagnostics.js";
import { AbandonedError, ClosedError, CodecError, ProtocolError, UsageError } from "../errors.js";
import { MESSAGE, type Message } from "./calls.layout.js";
import { methodOf } from "./method-of.js";
import { Outbox } from "./outbox.js";
import { type Along, Passing } from "./passing.js";
import { isId } from "./references.js";
import { RemoteCall } from "./remote-call.js";
import { failureOf, restoreFailure } from "./remote-failure.js";
import { Serving } from "./serving.js";
import { toldCall } from "./told-call.js";

/** Messages that are heard in one go. */
const BATCH = 128;
/** Calls that one side has under way at once, by default. */
const MOST_CALLS = 1024;
/** Messages in a row that cannot be decoded: after them nothing is believed any more. */
const MOST_UNREADABLE = 1000;
/** What the receipt of one message fails by, while the next one may be read: its codec, or an object in it that is gone. */
const UNREADABLE: ReadonlySet<string | undefined> = new Set([
  "ERR_INTERPROC_CODEC",
  "ERR_INTERPROC_NOT_FOUND",
  "ERR_INTERPROC_MISMATCH",
  "ERR_INTERPROC_SYSTEM",
]);
/** So many times `Serving.most` answers may wait for room while this side waits for an answer itself. */
const MOST_UNSENT = 16;
const POSTED = Promise.resolve();

/** A method's name or path, or a function's number. */
export type Target = string | readonly string[] | number;

interface PendingCall {
  readonly target: Target;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly along: Along | undefined;
  readonly timer: NodeJS.Timeout | undefined;
}

const sessions = new WeakMap<object, Session>();

export class Session {
  /** Resolves when it has ended, however. */
  readonly closed: Promise<void>;
  /** Calls that this side has under way at once. */
  mostCalls = MOST_CALLS;
  readonly serving: Serving;
  private readonly passing: Passing;
  private readonly outbox: Outbox;
  private readonly calls = new Map<number, PendingCall>();
  /** Messages of calls that begin when others have ended. */
  private readonly waiting = new Map<number, Message>();
  private nextCall = 0;
  /** Messages that have come. */
  private heard = 0;
  private isHeld = false;
  private keepsLoop = true;
  private looksLater = false;
  private endedBy: ((label: string) => Error) | undefined;
  private tellClosed: () => void = () => undefined;
  /** Reading goes on: there is room for answers, or this side waits for one. */
  private readOn: (() => void) | undefined;

  /** The one session of a connection. @throws UsageError */
  static of(conn: AsyncConnection, operation: string): Session {
    const known = sessions.get(conn);
    if (known) return known;
    if (typeof conn?.recv !== "function") throw new UsageError(`${operation}: ${String(conn)} is no connection`);
    const session = new Session(conn);
    sessions.set(conn, session);
    return session;
  }

  private constructor(private readonly conn: AsyncConnection) {
    this.closed = new Promise((resolve) => {
      this.tellClosed = resolve;
    });
    this.outbox = new Outbox(conn, () => this.gotRoom());
    this.passing = new Passing({
      post: this.post,
      call: (id, args) => this.call(id, args, undefined),
      waitsChanged: () => this.waitsChanged(),
    });
    this.serving = new Serving(this.passing, this.post, () => this.endedBy !== undefined);
    this.hold();
    void this.listen();
  }

  /** What the two sides have passed to each other and not let go of. */
  get passed(): { readonly functions: number; readonly remote: number; readonly sequences: number } {
    return this.passing.counts;
  }

  /** Calls of this side that were not answered yet. */
  get underWay(): number {
    return this.calls.size;
  }

  /** Serves an object to the other side. @throws UsageError when it does already */
  expose(api: object): void {
    if (this.serving.api) throw new UsageError("expose(): this connection exposes something already");
    this.serving.api = api;
    this.setHeld(true);
  }

  /** Whether serving keeps the process alive. */
  setHeld(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.hold();
  }

  call(target: Target, args: readonly unknown[], timeout: number | undefined): RemoteCall<unknown> {
    return new RemoteCall((succeed, fail) => {
      let [resolve, reject] = [succeed, fail];
      let headers: Carried | undefined;
      if (diagnostics.call.isWatched) ({ resolve, reject, headers } = toldCall(methodOf(target), succeed, fail));
      if (this.endedBy) return reject(this.endedBy(labelOf(target)));
      const id = this.nextCall++;
      try {
        const { value, refs, along } = this.passing.part(args, (reason) => this.giveUp(id, reason));
        const timer = timeout === undefined ? undefined : this.expireIn(timeout, id, target);
        this.calls.set(id, { target, resolve, reject, along, timer });
        let message: Message = refs ? [MESSAGE.call, id, target, value, refs] : [MESSAGE.call, id, target, value];
        if (headers) message = [MESSAGE.call, id, target, value, refs ?? [], headers];
        // what is called while this side serves may be what those calls wait for: it cannot wait for theirs to end
        const isTurn = this.calls.size - this.waiting.size <= this.mostCalls || this.serving.isBusy;
        if (isTurn) this.begin(id, message);
        else this.waiting.set(id, message);
        this.waitsChanged();
      } catch (error) {
        reject(error);
      }
    });
  }

  /** Ends it from this side. */
  close(): void {
    this.end((label) => new ClosedError(`${label}: the connection was closed on this side`));
  }

  private begin(id: number, message: Message): void {
    void this.post(message, (error) => {
      const call = this.settle(id);
      this.passing.takeBack(call?.along);
      call?.reject(toldWhere(error, "value[3]", "arguments", labelOf(call.target)));
    });
  }

  private expireIn(timeout: number, id: number, target: Target): NodeJS.Timeout | undefined {
    return startTimer(timeout, () => this.giveUp(id, timedOut(labelOf(target), timeout)));
  }

  /** The caller waits no more: the other side's signals of the call fire, and its answer is dropped. */
  private giveUp(id: number, error: unknown): void {
    const isWaiting = this.waiting.has(id);
    const call = this.settle(id);
    if (!call) return;
    if (isWaiting) this.passing.takeBack(call.along);
    else if (call.along) this.passing.fire(call.along, error);
    call.reject(error);
  }

  /** The call is over: whoever waits is to be told. */
  private settle(id: number): PendingCall | undefined {
    const call = this.calls.get(id);
    if (!call) return undefined;
    this.calls.delete(id);
    if (call.timer) clearTimeout(call.timer);
    if (call.along) for (const forget of call.along.signals.values()) forget();
    if (this.waiting.size > 0 && !this.waiting.delete(id)) this.beginNext();
    this.hold();
    return call;
  }

  private beginNext(): void {
    for (const [id, message] of this.waiting) {
      this.waiting.delete(id);
      return this.begin(id, message);
    }
  }

  private async listen(): Promise<void> {
    const { conn } = this;
    const { tryRecv } = conn as Partial<Connection>; // over shared memory what is there is taken without a promise each
    let unreadable = 0;
    while (!this.endedBy) {
      try {
        for (
          let message = await conn.recv(), more = BATCH;
          message !== undefined;
          message = more-- > 0 && !this.endedBy ? tryRecv?.call(conn) : undefined
        ) {
          this.hear(message);
          unreadable = 0;
        }
        if (this.outbox.unsent >= this.serving.most) await this.roomOrNeed();
      } catch (error) {
        const { code, message } = error as { code?: string; message?: string };
        if (!UNREADABLE.has(code) || ++unreadable > MOST_UNREADABLE) this.endBy(error);
        else void this.post([MESSAGE.unreadable, this.heard++, message]);
      }
    }
  }

  /** Resolves when answers may be added to those that wait for room, or have to be. @throws ProtocolError */
  private roomOrNeed(): Promise<void> | undefined {
    if (this.calls.size === 0 && !this.passing.isWaited)
      return new Promise((resolve) => {
        this.readOn = resolve;
      });
    if (this.outbox.unsent < this.serving.most * MOST_UNSENT) return undefined;
    throw new ProtocolError(`the other side has not taken ${this.outbox.unsent} answers, and goes on calling`);
  }

  private gotRoom(): void {
    if (this.readOn && this.outbox.unsent <= this.serving.most / 2) this.readOn();
  }

  private waitsChanged(): void {
    this.hold();
    if (this.readOn && (this.calls.size > 0 || this.passing.isWaited)) this.readOn();
  }

  private endBy(error: unknown): void {
    const { code, message } = error as { code?: string; message?: string };
    if (code === "ERR_INTERPROC_EOF" || code === "ERR_INTERPROC_BROKEN_PIPE")
      return this.end(
        (label) =>
          new AbandonedError(`${label}: the other side of the connection has closed it or died`, { cause: error }),
      );
    if (code === "ERR_INTERPROC_CLOSED")
      return this.end((label) => new ClosedError(`${label}: the connection was closed on this side`, { cause: error }));
    this.end((label) => new ProtocolError(`${label}: the connection has ended: ${message}`, { cause: error }));
  }

  private end(endedBy: (label: string) => Error): void {
    if (this.endedBy) return;
    this.endedBy = endedBy;
    this.waiting.clear();
    for (const [id, { target }] of this.calls) this.settle(id)?.reject(endedBy(labelOf(target)));
    this.passing.end(endedBy("what was passed in a call"));
    this.conn.close();
    this.readOn?.();
    this.tellClosed();
  }

  /** What breaks the protocol ends the session. */
  private hear(message: unknown): void {
    this.heard++;
    try {
      if (!Array.isArray(message) || !isId(message[1]))
        throw new ProtocolError("a message came that is none of a call's");
      const [kind, id, third, fourth, fifth] = message as [number, number, unknown, unknown, unknown];
      if (kind === MESSAGE.result) this.hearResult(id, third, fourth);
      else if (kind === MESSAGE.call) this.serving.serve(id, third, fourth, fifth, message[5]);
      else if (kind === MESSAGE.failure) {
        const failure = failureOf(third);
        const call = this.settle(id);
        call?.reject(restoreFailure(failure, labelOf(call.target)));
      } else if (kind === MESSAGE.unreadable) this.hearUnreadable(id, String(third));
      else if (!this.passing.hear(kind, id, third, fourth))
        throw new ProtocolError(`a message of kind ${String(kind)} came; calls have kinds 1 to 10`);
    } catch (error) {
      this.endBy(error);
    }
  }

  private hearResult(id: number, value: unknown, refs: unknown): void {
    if (!this.calls.has(id)) return this.passing.discard(value, refs); // given up meanwhile
    const joined = refs === undefined ? value : this.passing.join(value, refs);
    this.settle(id)?.resolve(joined);
  }

  /** The other side could not decode a message of this one: who waits for what comes of it is told. */
  private hearUnreadable(n: number, why: string): void {
    const message = this.outbox.received(n);
    if (message?.kind === MESSAGE.call) {
      const call = this.settle(message.id);
      this.passing.takeBack(call?.along);
      call?.reject(new CodecError(`${labelOf(call.target)}: the other side cannot read the arguments: ${why}`));
    } else if (message?.kind === MESSAGE.result) this.serving.unreadable(message.id, why);
    else if (message?.kind === MESSAGE.item)
      this.passing.unreadable(message.id, new CodecError(`the other side cannot read an item of a sequence: ${why}`));
    else if (!message) throw new ProtocolError(`the other side cannot read a message: ${why}`);
  }

  /** Resolves when the message is on its way, or was refused: then `refused` is told first. */
  private readonly post = (message: Message, refused?: (error: unknown) => void): Promise<void> => {
    if (this.endedBy) return POSTED;
    return this.outbox.post(message, (error) => {
      if (isOver(error)) this.endBy(error);
      else refused?.(error);
    });
  };

  private get isNeeded(): boolean {
    return this.isHeld || this.calls.size > 0 || this.passing.isWaited;
  }

  /**
   * Waiting for an answer or an item keeps the process alive, and serving does unless it was told not to. That nothing does
   * any more is looked at when the loop turns: between two calls it is true for a moment only.
   */
  private hold(): void {
    const { isNeeded } = this;
    if (isNeeded === this.keepsLoop || this.endedBy) return;
    if (isNeeded) {
      this.keepsLoop = true;
      this.conn.ref();
    } else if (!this.looksLater) {
      this.looksLater = true;
      afterTurn(this.letLoopEnd);
    }
  }

  private readonly letLoopEnd = (): void => {
    this.looksLater = false;
    if (this.isNeeded || !this.keepsLoop || this.endedBy) return;
    this.keepsLoop = false;
    this.conn.unref();
  };
}

/** Whether a failure to send is the end of the connection, and not of this message. */
function isOver(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== "ERR_INTERPROC_CODEC" && code !== "ERR_INTERPROC_USAGE" && code !== "ERR_INTERPROC_SYSTEM";
}

function labelOf(target: Target): string {
  return typeof target === "number" ? methodOf(target) : `${methodOf(target)}()`;
}
