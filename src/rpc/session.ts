/*
 * Session: typed calls in both directions over one connection.
 *
 * Idea    Calls have numbers, and answers come in any order. What cannot be sent as a value stays where it is, under a
 *         number by which the other side can call it (functions), fire it (signals) or ask for more of it (sequences).
 * States  open -> ended, once: by the end of the connection on either side, or by a message that breaks the protocol
 * Order   Messages of one side arrive in the order in which it sent them; methods begin in the order of their calls.
 * Death   Of the other side: every call that waits rejects at once, every sequence from it throws, the signals of calls that
 *         it had made fire, sequences to it are ended (their `return` runs), and its functions cannot be called any more.
 * Limits  So many calls are under way at most; further ones wait their turn on the side that makes them. A function that was
 *         passed lives until the other side has collected or disposed of it, or the session ends. A signal counts until
 *         the call that it went along with is answered.
 * Source  JSON-RPC's numbered calls; the tables of exports of CapTP and Cap'n Proto; the credits of reactive streams.
 */
import type { Connection } from "../channel.js";
import { AbandonedError, ClosedError, ProtocolError, TimeoutError, UsageError } from "../errors.js";
import { MESSAGE } from "./calls.layout.js";
import { exposedMethod } from "./exposed-method.js";
import { type Along, nothingAlong, Passing } from "./passing.js";
import { isId } from "./references.js";
import { RemoteCall } from "./remote-call.js";
import { describeFailure, failureOf, restoreFailure } from "./remote-failure.js";

const BATCH = 64;
/** Calls that one side has under way at once, by default. */
const MOST_CALLS = 1024;

/** A method's path, or a function's number. */
export type Target = readonly string[] | number;

interface Asking {
  readonly label: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingCall extends Asking {
  readonly along: Along;
  readonly timer: NodeJS.Timeout | undefined;
}

const sessions = new WeakMap<object, Session>();

export class Session {
  /** Resolves when it has ended, however. */
  readonly closed: Promise<void>;
  /** Calls that this side has under way at once. */
  mostCalls = MOST_CALLS;
  /** Calls of the other side that are served at once; it is told of each that is too many. */
  mostServed = MOST_CALLS * 4;
  private readonly passing: Passing;
  private api: object | undefined;
  private readonly calls = new Map<number, PendingCall>();
  /** Calls that begin when others have ended. */
  private readonly waiting: (() => void)[] = [];
  /** Calls of the other side that run. */
  private readonly serving = new Set<number>();
  private nextCall = 0;
  private isHeld = false;
  private keepsLoop = true;
  private endedBy: Error | undefined;
  private tellClosed: () => void = () => undefined;

  /** The one session of a connection. @throws UsageError */
  static of(conn: Connection, operation: string): Session {
    const known = sessions.get(conn);
    if (known) return known;
    if (typeof conn?.recvMany !== "function") throw new UsageError(`${operation}: ${String(conn)} is no connection`);
    const session = new Session(conn);
    sessions.set(conn, session);
    return session;
  }

  private constructor(private readonly conn: Connection) {
    this.closed = new Promise((resolve) => {
      this.tellClosed = resolve;
    });
    this.passing = new Passing(
      (message) => this.send(message),
      (id, args) => this.call(id, args, undefined),
      () => this.hold(),
    );
    this.hold();
    void this.listen();
  }

  /** What the two sides have passed to each other and not let go of. */
  get passed(): { readonly functions: number; readonly sequences: number } {
    return this.passing.counts;
  }

  /** Serves an object to the other side. @throws UsageError when it does already */
  expose(api: object): void {
    if (this.api) throw new UsageError("expose(): this connection exposes something already");
    this.api = api;
    this.setHeld(true);
  }

  /** Whether serving keeps the process alive. */
  setHeld(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.hold();
  }

  call(target: Target, args: readonly unknown[], timeout: number | undefined): RemoteCall<unknown> {
    const label = typeof target === "number" ? "a callback" : `${target.join(".")}()`;
    return new RemoteCall((resolve, reject) => {
      const begin = (): void => this.begin(target, args, { label, resolve, reject }, timeout);
      if (this.endedBy || this.calls.size < this.mostCalls) begin();
      else this.waiting.push(begin);
    });
  }

  /** Ends it from this side. */
  close(): void {
    this.end(new ClosedError("the connection of the call was closed on this side"));
  }

  private begin(target: Target, args: readonly unknown[], asking: Asking, timeout: number | undefined): void {
    if (this.endedBy) return asking.reject(this.endedBy);
    const id = this.nextCall++;
    const along = nothingAlong();
    try {
      const { value, refs } = this.passing.part(args, along, (reason) => this.settle(id)?.reject(reason));
      const timer = timeout === undefined ? undefined : setTimeout(() => this.expire(id, timeout), timeout);
      this.calls.set(id, { ...asking, along, timer });
      this.hold();
      const message = refs ? [MESSAGE.call, id, target, value, refs] : [MESSAGE.call, id, target, value];
      this.send(message).catch((error: unknown) => {
        this.passing.takeBack(along);
        this.settle(id)?.reject(error);
      });
    } catch (error) {
      this.passing.takeBack(along);
      asking.reject(error);
      this.waiting.shift()?.();
    }
  }

  private expire(id: number, timeout: number): void {
    const call = this.settle(id);
    call?.reject(new TimeoutError(`${call.label} was not answered within ${timeout} ms`));
  }

  /** The call is over: whoever waits is to be told. */
  private settle(id: number): PendingCall | undefined {
    const call = this.calls.get(id);
    if (!call) return undefined;
    this.calls.delete(id);
    clearTimeout(call.timer);
    for (const forget of call.along.forgetSignals) forget();
    this.waiting.shift()?.();
    this.hold();
    return call;
  }

  private async listen(): Promise<void> {
    try {
      for (;;) for (const message of await this.conn.recvMany(BATCH)) this.hear(message);
    } catch (error) {
      try {
        const { undelivered } = error as { undelivered?: unknown };
        if (Array.isArray(undelivered)) for (const message of undelivered) this.hear(message);
        this.end(this.endFor(error));
      } catch (worse) {
        this.end(this.endFor(worse));
      }
    }
  }

  private endFor(error: unknown): Error {
    const { code, message } = error as { code?: string; message?: string };
    if (code === "ERR_INTERPROC_EOF" || code === "ERR_INTERPROC_BROKEN_PIPE")
      return new AbandonedError("the process that was to answer has closed the connection, or died", { cause: error });
    if (code === "ERR_INTERPROC_CLOSED")
      return new ClosedError("the connection of the call was closed on this side", { cause: error });
    if (error instanceof ProtocolError) return error;
    return new ProtocolError(`a message of a call cannot be read: ${message}`, { cause: error });
  }

  private end(error: Error): void {
    if (this.endedBy) return;
    this.endedBy = error;
    for (const id of [...this.calls.keys()]) this.settle(id)?.reject(error);
    for (const begin of this.waiting.splice(0)) begin();
    this.passing.end(error);
    this.conn.close();
    this.tellClosed();
  }

  /** @throws ProtocolError */
  private hear(message: unknown): void {
    if (!Array.isArray(message) || !isId(message[1]))
      throw new ProtocolError("a message came that is none of a call's");
    const [kind, id, third, fourth, fifth] = message as [number, number, unknown, unknown, unknown];
    if (kind === MESSAGE.result) {
      const value = this.passing.join(third, fourth);
      this.settle(id)?.resolve(value);
    } else if (kind === MESSAGE.call) void this.serve(id, third, fourth, fifth);
    else if (kind === MESSAGE.failure) {
      const failure = failureOf(third);
      const call = this.settle(id);
      call?.reject(restoreFailure(failure, call.label));
    } else if (!this.passing.hear(kind, id, third, fourth))
      throw new ProtocolError(`a message of kind ${String(kind)} came; calls have kinds 1 to 9`);
  }

  /** Runs a call of the other side and answers it. */
  private async serve(id: number, target: unknown, args: unknown, refs: unknown): Promise<void> {
    const controllers: AbortController[] = [];
    let value: unknown;
    try {
      if (this.serving.has(id)) throw new ProtocolError(`call ${id} came twice`);
      if (this.serving.size >= this.mostServed)
        throw new UsageError(`more than ${this.mostServed} calls at once on one connection (maxServed)`);
      this.serving.add(id);
      const joined = this.passing.join(args, refs, controllers);
      if (!Array.isArray(joined))
        throw new ProtocolError(`the arguments of a call are ${typeof joined}; allowed: an array`);
      const { object, call } = this.methodOf(target);
      value = await call.apply(object, joined);
    } catch (error) {
      if (error instanceof ProtocolError) return this.end(error);
      await this.send([MESSAGE.failure, id, describeFailure(error)]).catch(() => undefined);
      return;
    } finally {
      this.serving.delete(id);
      this.passing.forgetSignals(controllers);
    }
    const along = nothingAlong();
    try {
      const parted = this.passing.part(value, along);
      await this.send(
        parted.refs ? [MESSAGE.result, id, parted.value, parted.refs] : [MESSAGE.result, id, parted.value],
      );
    } catch (error) {
      this.passing.takeBack(along);
      const failure = describeFailure(error);
      const message = `the result cannot be sent: ${failure.message}`;
      await this.send([MESSAGE.failure, id, { ...failure, message }]).catch(() => undefined);
    }
  }

  /** @throws UsageError, RemoteError, ProtocolError */
  private methodOf(target: unknown): { object: unknown; call: (...args: unknown[]) => unknown } {
    if (isId(target)) return { object: undefined, call: this.passing.functionOf(target) };
    if (!Array.isArray(target) || target.length === 0) throw new ProtocolError("a call came that names no method");
    if (!this.api) throw new UsageError("this side of the connection exposes nothing");
    return exposedMethod(this.api, target, "call");
  }

  private send(message: readonly unknown[]): Promise<void> {
    return this.endedBy ? Promise.reject(this.endedBy) : this.conn.send(message);
  }

  /** Waiting for an answer or an item keeps the process alive, and serving does unless it was told not to. */
  private hold(): void {
    const keeps = this.isHeld || this.calls.size > 0 || this.passing.isWaited;
    if (keeps === this.keepsLoop || this.endedBy) return;
    this.keepsLoop = keeps;
    if (keeps) this.conn.ref();
    else this.conn.unref();
  }
}
