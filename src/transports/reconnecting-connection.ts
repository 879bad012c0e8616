/*
 * A connection that is made again when it breaks.
 *
 * Idea    Behind it is one connection after the other. When one has ended, the next is dialled, after a pause that doubles
 *         from `minDelay` to `maxDelay`, less a random part of it, so that many clients do not come back all at once.
 * Order   `onConnect` is through with a new connection before any call uses it. Calls that wait go on in their order.
 * Death   What `send()` resolved for and the peer had not read when the connection broke is lost; so is what the peer had sent and
 *         nobody had received. A send that was under way then rejects with BrokenPipeError, because nobody can tell whether it
 *         arrived; one that begins while there is no connection waits. Who needs more than that numbers and acknowledges its
 *         messages, or uses a queue.
 * Limits  What cannot pass by itself (a wrong key, a protocol that is none, `attempts` in vain) ends it: everything that waits
 *         rejects with that error.
 * Source  Exponential back-off with jitter, as in the clients of message brokers.
 */
import type { AsyncConnection, Peer, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { ClosedError, EOFError, InterprocError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import { READY, type Readiness } from "../readiness.js";
import { readableOf, writableOf } from "../web-streams.js";
import { LinkConnection } from "./link-connection.js";

/** How often a connection that broke is tried again, and who is told. */
export interface ReconnectOptions {
  /** Milliseconds before the first new attempt; 100 by default. */
  minDelay?: number;
  /** The longest pause between two attempts; 10,000 by default. */
  maxDelay?: number;
  /** So many attempts in a row may fail; without end by default. */
  attempts?: number;
  /** Runs on each new connection before it is used: to say again who one is, what one subscribes to. */
  onConnect?: (connection: AsyncConnection) => void | Promise<void>;
  /** Is told why there is no connection at the moment. */
  onDisconnect?: (error: Error) => void;
}

type Call<Out, In, T> = (conn: AsyncConnection<Out, In>, options: WaitOptions) => Promise<T>;
type Dial = (signal: AbortSignal) => Promise<AsyncConnection>;

const END = { done: true, value: undefined } as const;
const GONE = new Set(["ERR_INTERPROC_EOF", "ERR_INTERPROC_BROKEN_PIPE"]);
const codeOf = (error: unknown): string => String((error as { code?: unknown }).code);

export class ReconnectingConnection<Out = unknown, In = unknown> implements AsyncConnection<Out, In> {
  private current: AsyncConnection<Out, In> | undefined;
  private waiting: PendingCall<AsyncConnection<Out, In>>[] = [];
  private failure: Error | undefined;
  private lastPeer: Peer;
  private isClosed = false;
  private holdsLoop = true;
  private timer: NodeJS.Timeout | undefined;
  private readonly ends = new AbortController();
  private streamIn: ReadableStream<In> | undefined;
  private streamOut: WritableStream<Out> | undefined;

  constructor(
    first: AsyncConnection,
    private readonly dial: Dial,
    private readonly options: ReconnectOptions,
  ) {
    this.lastPeer = first.peer;
    this.use(first as AsyncConnection<Out, In>);
  }

  send(value: Out, options?: WaitOptions): Promise<void> {
    return this.sending("send()", options, (conn, rest) => conn.send(value, rest));
  }

  sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    const all = [...values]; // what was given is a snapshot, also where it waits for a connection
    return this.sending("sendMany()", options, (conn, rest) => conn.sendMany(all, rest));
  }

  recv(options?: WaitOptions): Promise<In> {
    return this.receiving("recv()", options, (conn, rest) => conn.recv(rest));
  }

  recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    return this.receiving("recvMany()", options, (conn, rest) => conn.recvMany(max, rest));
  }

  /** Whether a receive would not wait. The end of one connection is none of this one. */
  async poll(options: WaitOptions = {}): Promise<boolean> {
    const timeout = Math.max(0, options.timeout ?? 0);
    const until = performance.now() + timeout;
    try {
      for (;;) {
        const left = Math.max(0, until - performance.now());
        const conn = await this.connection("poll()", { ...options, timeout: left });
        if (!(await conn.poll({ ...options, timeout: Math.max(0, until - performance.now()) }))) return false;
        if (!hasEnded(conn)) return true;
        this.lost(conn, new EOFError("the peer has closed or died"));
      }
    } catch (error) {
      if (codeOf(error) === "ERR_INTERPROC_TIMEOUT") return false;
      throw error;
    }
  }

  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: SendBytesOptions): Promise<void> {
    return this.sending("sendBytes()", options, (conn, rest) => conn.sendBytes(bytes, { ...options, ...rest }));
  }

  recvBytes(options?: RecvBytesOptions): Promise<Uint8Array> {
    return this.receiving("recvBytes()", options, (conn, rest) => conn.recvBytes({ ...options, ...rest }));
  }

  recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: RecvIntoOptions): Promise<number> {
    return this.receiving("recvBytesInto()", options, (conn, rest) =>
      conn.recvBytesInto(buffer, { ...options, ...rest }),
    );
  }

  get readable(): ReadableStream<In> {
    this.streamIn ??= readableOf<In>(this);
    return this.streamIn;
  }

  get writable(): WritableStream<Out> {
    this.streamOut ??= writableOf<Out>(this);
    return this.streamOut;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Of the connection that is there now, or was last. */
  get peer(): Peer {
    return this.lastPeer;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.timer);
    this.ends.abort();
    this.current?.close();
    this.current = undefined;
    for (const call of this.waiting.splice(0)) call.reject(new ClosedError("the call on a connection that is closed"));
  }

  ref(): this {
    this.holdsLoop = true;
    this.current?.ref();
    this.hold();
    return this;
  }

  unref(): this {
    this.holdsLoop = false;
    this.current?.unref();
    this.hold();
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @internal */
  [READY](): Readiness {
    this.requireOpen("wait()");
    const isReady = (): boolean => {
      const { current } = this;
      return current !== undefined && !hasEnded(current) && current[READY]().isReady();
    };
    return {
      isReady,
      whenReady: async (signal) => {
        await this.poll({ signal, timeout: Number.POSITIVE_INFINITY });
        return false;
      },
    };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    const iterator: AsyncIterableIterator<In> = {
      next: async () => {
        if (this.isClosed) return END;
        return { done: false, value: await this.recv() };
      },
      return: () => Promise.resolve(END),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Waits for a connection, and sends. What was under way when it broke is told to the caller, who alone can decide. */
  private async sending(operation: string, options: WaitOptions | undefined, send: Call<Out, In, void>): Promise<void> {
    const { conn, rest } = await this.begin(operation, options);
    try {
      await send(conn, rest);
    } catch (error) {
      if (GONE.has(codeOf(error))) this.lost(conn, error as Error);
      throw error;
    }
  }

  /** Receives from one connection after the other: the end of one is no end. */
  private async receiving<T>(
    operation: string,
    options: WaitOptions | undefined,
    receive: Call<Out, In, T>,
  ): Promise<T> {
    const until = options?.timeout === undefined ? undefined : performance.now() + options.timeout;
    for (;;) {
      const left = until === undefined ? options : { ...options, timeout: Math.max(0, until - performance.now()) };
      const { conn, rest } = await this.begin(operation, left);
      try {
        return await receive(conn, rest);
      } catch (error) {
        if (!GONE.has(codeOf(error)) && !(codeOf(error) === "ERR_INTERPROC_CLOSED" && !this.isClosed)) throw error;
        this.lost(conn, error as Error);
      }
    }
  }

  private async begin(
    operation: string,
    options: WaitOptions | undefined,
  ): Promise<{ conn: AsyncConnection<Out, In>; rest: WaitOptions }> {
    const begun = performance.now();
    const conn = await this.connection(operation, options);
    if (options?.timeout === undefined) return { conn, rest: options ?? {} };
    return { conn, rest: { ...options, timeout: Math.max(0, options.timeout - (performance.now() - begun)) } };
  }

  /** The connection that is there, or the next one. */
  private connection(operation: string, options: WaitOptions = {}): Promise<AsyncConnection<Out, In>> {
    this.requireOpen(operation);
    options.signal?.throwIfAborted();
    const { current } = this;
    if (current && !current.closed) return Promise.resolve(current);
    if (current) this.lost(current, new EOFError("the connection was closed"));
    const call = new PendingCall<AsyncConnection<Out, In>>(operation, options, () => {
      this.waiting = this.waiting.filter((one) => one !== call);
      this.hold();
    });
    this.waiting.push(call);
    this.hold();
    return call.promise;
  }

  /** Its end is noticed also while nobody receives; what it still has to give is received first. */
  private use(conn: AsyncConnection<Out, In>): void {
    this.current = conn;
    const ended = (): void => {
      if (hasEnded(conn)) this.lost(conn, new EOFError("the peer has closed or died"));
    };
    if (conn instanceof LinkConnection) conn.onOver = ended;
    ended();
  }

  /** A connection has ended: the next one is dialled, once. */
  private lost(conn: AsyncConnection<Out, In>, why: Error): void {
    if (conn !== this.current || this.isClosed) return;
    this.current = undefined;
    conn.close();
    this.options.onDisconnect?.(why);
    this.plan(0);
  }

  private plan(failed: number): void {
    const { minDelay = 100, maxDelay = 10_000 } = this.options;
    const delay = Math.min(maxDelay, minDelay * 2 ** Math.min(failed, 30));
    this.timer = setTimeout(() => void this.again(failed), delay * (0.5 + Math.random() / 2));
    this.hold();
  }

  private async again(failed: number): Promise<void> {
    const { attempts = Number.POSITIVE_INFINITY, onConnect } = this.options;
    try {
      const conn = (await this.dial(this.ends.signal)) as AsyncConnection<Out, In>;
      this.lastPeer = conn.peer;
      await onConnect?.(conn as AsyncConnection);
      if (this.isClosed) return conn.close();
      if (!this.holdsLoop) conn.unref();
      this.timer = undefined;
      this.use(conn);
      for (const call of this.waiting.splice(0)) call.resolve(conn);
    } catch (error) {
      if (this.isClosed) return;
      if (passes(error) && failed + 1 < attempts) return this.plan(failed + 1);
      this.failure = error as Error;
      for (const call of this.waiting.splice(0)) call.reject(error);
    }
  }

  /** Waiting for the next attempt keeps the process alive as long as somebody waits for what comes of it. */
  private hold(): void {
    if (this.holdsLoop && this.waiting.length > 0) this.timer?.ref();
    else this.timer?.unref();
  }

  private requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${operation} on a connection that is closed`);
    if (this.failure) throw this.failure;
  }
}

/** Whether nothing but the end of file is left of it. */
function hasEnded(conn: AsyncConnection): boolean {
  return conn.closed || (conn as { isAtEnd?: boolean }).isAtEnd === true;
}

/** Whether another attempt may do better. */
function passes(error: unknown): boolean {
  const code = codeOf(error);
  if (GONE.has(code) || code === "ERR_INTERPROC_TIMEOUT" || code === "ERR_INTERPROC_CLOSED") return true;
  return error instanceof InterprocError && error.retryable;
}
