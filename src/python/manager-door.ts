/*
 * The client's side of Python's manager protocol.
 *
 * Idea    A request goes over a connection of its own, which the manager closes behind the answer: (None, function, arguments,
 *         keywords). Calls of objects go over connections that began by such a request, "accept_connection", and stay:
 *         (id, method, arguments, keywords). An answer is a kind and a value.
 * States  The manager counts references to each of its objects, and drops an object with the last one. Who creates an object
 *         holds the first; so does who gets one as a result. One that came inside another value has to be counted by whoever
 *         reads it.
 * Death   Of the manager: calls that wait get AbandonedError, later ones find nobody. Of the client: the manager closes its
 *         connections, but Python never learns of the references, which stay counted.
 * Limits  The Python server goes through handshakes one after another, and few may wait: no more than 8 are begun at once.
 * Source  Server and BaseProxy of CPython's multiprocessing.managers.
 */
import type { AsyncConnection } from "../channel.js";
import { PythonTuple } from "../codec/pickle/python-tuple.js";
import { toldWhere } from "../codec/told-where.js";
import { deadlineOf, now, timedOut, type WaitOptions } from "../deadline.js";
import { AbandonedError, AuthenticationError, ClosedError, CodecError } from "../errors.js";
import { CallConnections, type Use } from "./call-connections.js";
import { type Reply, replyOf } from "./manager-reply.js";

const MOST_DIALLED = 8;
/** So long references are given up as a client closes. */
const FAREWELL_MS = 2000;

/** A dict of Python's keyword arguments. */
export type Keywords = Readonly<Record<string, unknown>>;

export class ManagerDoor {
  readonly calls: CallConnections;
  /** How many references to each object are held here. */
  private readonly held = new Map<string, number>();
  private readonly waiting: (() => void)[] = [];
  private readonly singles = new Set<CallConnections>();
  private dialled = 0;
  private isClosed = false;
  private wasLetIn = false;

  constructor(
    readonly url: string,
    private readonly dial: (options: WaitOptions) => Promise<AsyncConnection>,
  ) {
    this.calls = new CallConnections(() => this.openCalls(), false);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Connections for calls that are to be served by one thread. */
  single(): CallConnections {
    const calls = new CallConnections(() => this.openCalls(), true);
    this.singles.add(calls);
    return calls;
  }

  dropSingle(calls: CallConnections): void {
    this.singles.delete(calls);
    calls.close();
  }

  /** Asks the manager itself. @throws AbandonedError, RemoteError, TimeoutError, ClosedError */
  async request(name: string, args: readonly unknown[], keywords: Keywords, options: WaitOptions): Promise<unknown> {
    const operation = `${name}() of the manager at ${this.url}`;
    this.requireOpen(operation);
    const conn = await this.connection(options);
    try {
      const request = new PythonTuple([null, name, new PythonTuple(args), keywords]);
      const reply = replyOf((await this.exchange(conn, request, operation, options)).value, operation);
      return "value" in reply ? reply.value : reply.proxy;
    } finally {
      conn.close();
    }
  }

  /** Calls a method of an object. @throws AbandonedError, RemoteError, TimeoutError, ClosedError */
  async call(
    calls: CallConnections,
    id: string,
    method: string,
    args: readonly unknown[],
    keywords: Keywords,
    options: WaitOptions,
  ): Promise<Reply> {
    const operation = `${method}() of an object of the manager at ${this.url}`;
    this.requireOpen(operation);
    options.signal?.throwIfAborted();
    const deadline = deadlineOf(options.timeout, operation);
    const request = new PythonTuple([id, method, new PythonTuple(args), keywords]);
    const answer = await calls.use((conn) => {
      const timeout = deadline === Number.POSITIVE_INFINITY ? undefined : deadline - now();
      if (timeout !== undefined && timeout < 0 && options.timeout !== 0) throw timedOut(operation, options.timeout);
      return this.exchange(conn, request, operation, { ...options, ...(timeout !== undefined && { timeout }) });
    });
    return replyOf(answer, operation);
  }

  /** A reference is held here: the manager has counted it. */
  hold(id: string): void {
    this.held.set(id, (this.held.get(id) ?? 0) + 1);
  }

  /** Has the manager count one more. @throws RemoteError when there is no such object any more */
  async countReference(id: string): Promise<void> {
    await this.request("incref", [id], {}, {});
    this.hold(id);
  }

  /** Gives a reference up; a manager that is gone needs not be told. */
  release(id: string): Promise<void> {
    const count = this.held.get(id);
    if (count === undefined || this.isClosed) return Promise.resolve();
    if (count === 1) this.held.delete(id);
    else this.held.set(id, count - 1);
    return this.request("decref", [id], {}, { timeout: FAREWELL_MS }).then(
      () => undefined,
      () => undefined,
    );
  }

  /** Gives up all references and ends all connections; calls that wait reject with ClosedError. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    for (const calls of [this.calls, ...this.singles]) calls.close();
    const all = [...this.held].flatMap(([id, count]) => Array.from({ length: count }, () => this.release(id)));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, FAREWELL_MS);
    });
    await Promise.race([Promise.all(all), late]);
    clearTimeout(timer);
    this.isClosed = true;
    for (const start of this.waiting.splice(0)) start();
  }

  private async openCalls(): Promise<AsyncConnection> {
    const conn = await this.connection({});
    const operation = `accept_connection() of the manager at ${this.url}`;
    try {
      const request = new PythonTuple([null, "accept_connection", new PythonTuple(["Node"]), {}]);
      replyOf((await this.exchange(conn, request, operation, {})).value, operation);
      return conn;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  private async connection(options: WaitOptions): Promise<AsyncConnection> {
    if (this.dialled >= MOST_DIALLED) await new Promise<void>((start) => this.waiting.push(start));
    this.dialled++;
    try {
      this.requireOpen("connecting to a manager");
      const conn = await this.dial(options);
      this.wasLetIn = true;
      return conn;
    } catch (error) {
      // the key was right before: it is the manager that has gone
      if (!this.wasLetIn || !(error instanceof AuthenticationError) || !isEnd(error.cause)) throw error;
      throw new AbandonedError("connecting to a manager that ends", { resource: this.url, cause: error });
    } finally {
      this.dialled--;
      this.waiting.shift()?.();
    }
  }

  private async exchange(
    conn: AsyncConnection,
    request: PythonTuple,
    operation: string,
    options: WaitOptions,
  ): Promise<Use<unknown>> {
    try {
      await conn.send(request, options);
      return { value: await conn.recv(options), isReusable: true };
    } catch (error) {
      if (error instanceof CodecError) throw toldWhere(error, "value[2]", "arguments", operation);
      if (isEnd(error))
        throw new AbandonedError(`${operation}: the manager ended before it answered`, {
          resource: this.url,
          cause: error,
        });
      throw error;
    }
  }

  private requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${operation}: it was closed on this side`, { resource: this.url });
  }
}

/** Whether an error says that the other side has gone. */
function isEnd(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: string };
  return code === "ERR_INTERPROC_EOF" || code === "ERR_INTERPROC_BROKEN_PIPE";
}
