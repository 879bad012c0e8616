import type { AsyncConnection, Connection } from "../channel.js";
import { startTimer, type WaitOptions } from "../deadline.js";
import { AuthenticationError, ClosedError, UsageError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import { READY, type Readiness, type Waitable } from "../readiness.js";
import type { Arrival, Entrance, Porter } from "./arrival.js";
import { authenticate } from "./authenticate.js";
import { connectionOf } from "./connection-of.js";
import type { Settings, TlsOptions } from "./connection-options.js";

/** Refusals that nobody has been told of yet; older ones are forgotten. */
const KEPT_REFUSALS = 16;

interface Entry<C> {
  readonly pending: PendingCall<C | undefined>;
  /** Refusals are passed over. */
  readonly isLoop: boolean;
  readonly looks: boolean;
}

type AnyConnection<Out, In> = AsyncConnection<Out, In> | Connection<Out, In>;

/**
 * Takes connections in; made by `listen()`. Each of them is through its handshake (`authkey`, TLS, a WebSocket's) when it is
 * handed out; the handshakes of many go on beside each other, each with its deadline, so that somebody silent holds up nobody.
 * Connections come in the order in which they were ready. What was accepted stays when the listener is closed.
 *
 * Whoever fails the handshake is dropped. `accept()` then rejects with the AuthenticationError, as Python's does, and can be
 * called again; a loop passes over it. A pending `accept()` or a loop keeps the process alive, a listener by itself does not.
 *
 * @example
 * await using listener = await listen("tcp://127.0.0.1:0");
 * const client = await connect(listener.address);
 * const served = await listener.accept();
 * await client.send("hello");
 * console.log(await served.recv()); // hello
 */
export class Listener<Out = unknown, In = unknown>
  implements Waitable, AsyncDisposable, AsyncIterable<AnyConnection<Out, In>>
{
  private readonly ready: AnyConnection<Out, In>[] = [];
  private readonly refusals: Error[] = [];
  private readonly entries: Entry<AnyConnection<Out, In>>[] = [];
  private readonly arrivals = new Set<Arrival>();
  private entrance: Entrance | undefined;
  private isClosed = false;
  private holdsLoop = true;
  private refusedCount = 0;

  /** @internal use `listen()` */
  constructor(
    private readonly settings: Settings,
    private readonly maxConnections: number,
    private readonly onRefused: ((error: Error) => void) | undefined,
  ) {}

  /** @internal */
  get porter(): Porter {
    return {
      most: this.maxConnections,
      tooMany: () => this.tooMany(),
      admits: () => this.admits(),
      arrived: (arrival) => void this.arrived(arrival),
      refused: (error) => this.refused(error),
    };
  }

  /** @internal */
  open(entrance: Entrance): this {
    this.entrance = entrance;
    this.hold();
    return this;
  }

  /** @internal a connection that is ready: shared memory has no handshake */
  take(connection: AnyConnection<Out, In>): void {
    this.ready.push(connection);
    this.serve();
  }

  /** Where it listens, as an url that `connect()` takes; with the port that was picked for port 0. */
  get address(): string {
    return this.entrance?.address ?? "";
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** How many connections it took in that are still open, those in their handshake among them. */
  get connections(): number {
    return this.arrivals.size;
  }

  /** How many it has sent away so far: a failed handshake, a user that may not, one too many. */
  get refusedConnections(): number {
    return this.refusedCount;
  }

  /**
   * The next connection.
   *
   * @throws AuthenticationError when somebody failed the handshake; the listener goes on
   * @throws TimeoutError, ClosedError
   */
  async accept(options: WaitOptions = {}): Promise<AnyConnection<Out, In>> {
    return (await this.wait("accept()", options, false)) as AnyConnection<Out, In>;
  }

  /** Newer certificates for who connects from now on; connections stay. @throws UsageError where there is no TLS */
  reload(tls: TlsOptions): void {
    this.requireOpen("reload()");
    if (!this.entrance?.reload)
      throw new UsageError(
        `reload() of ${this.address}: it has no certificates; allowed: a listener at tls:// or wss://`,
      );
    this.entrance.reload(tls);
  }

  /** Takes nobody any more; calls that wait reject with ClosedError, loops end. Allowed twice. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const connection of this.ready.splice(0)) connection.close();
    for (const arrival of this.handshaking) arrival.destroy();
    for (const { pending, isLoop } of this.entries.splice(0))
      if (isLoop) pending.resolve(undefined);
      else pending.reject(new ClosedError(`accept() of ${this.address}, which is closed`));
    await this.entrance?.close();
  }

  /** A pending accept keeps the process alive (as at first), or after `unref()` does not. */
  ref(): this {
    this.holdsLoop = true;
    this.hold();
    return this;
  }

  unref(): this {
    this.holdsLoop = false;
    this.hold();
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<AnyConnection<Out, In>> {
    const iterator: AsyncIterableIterator<AnyConnection<Out, In>> = {
      next: async () => {
        const value = this.isClosed ? undefined : await this.wait("for await", {}, true);
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: async () => ({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** @internal */
  [READY](): Readiness {
    this.requireOpen("wait()");
    return {
      isReady: () => this.ready.length > 0,
      whenReady: (signal) => this.wait("wait()", { signal }, true, true).then(() => false),
    };
  }

  private readonly handshaking = new Set<Arrival>();

  private wait(
    operation: string,
    options: WaitOptions,
    isLoop: boolean,
    looks = false,
  ): Promise<AnyConnection<Out, In> | undefined> {
    this.requireOpen(operation);
    options.signal?.throwIfAborted();
    const entry: Entry<AnyConnection<Out, In>> = {
      isLoop,
      looks,
      pending: new PendingCall<AnyConnection<Out, In> | undefined>(`${operation} of ${this.address}`, options, () => {
        this.entries.splice(this.entries.indexOf(entry), 1);
        this.hold();
      }),
    };
    this.entries.push(entry);
    this.serve();
    return entry.pending.promise;
  }

  private serve(): void {
    const { entries, ready, refusals } = this;
    for (let at = 0; at < entries.length; ) {
      const { pending, isLoop, looks } = entries[at];
      if (!isLoop && refusals.length > 0) pending.reject(refusals.shift());
      else if (ready.length === 0) {
        at++;
        continue;
      } else pending.resolve(looks ? undefined : ready.shift());
      entries.splice(at, 1);
    }
    this.hold();
  }

  private admits(): boolean {
    if (!this.isClosed && this.arrivals.size < this.maxConnections) return true;
    if (!this.isClosed) this.tooMany();
    return false;
  }

  private tooMany(): void {
    this.tell(
      new UsageError(`a connection too many at ${this.address}; at most ${this.maxConnections} (maxConnections)`),
    );
  }

  private async arrived(arrival: Arrival): Promise<void> {
    const { settings, arrivals, handshaking } = this;
    if (this.isClosed) return arrival.destroy();
    arrivals.add(arrival);
    arrival.onGone(() => arrivals.delete(arrival));
    const connection = connectionOf<Out, In>(arrival.link, arrival.peer, settings);
    if (settings.key) {
      handshaking.add(arrival);
      const timer = startTimer(settings.handshakeTimeout, () => arrival.destroy());
      try {
        await authenticate(connection, "listener", settings.key);
      } catch (error) {
        connection.close();
        setTimeout(() => arrival.destroy(), 1000).unref(); // so long the verdict has to reach the peer
        return this.refused(this.isClosed ? undefined : (error as Error));
      } finally {
        clearTimeout(timer);
        handshaking.delete(arrival);
      }
    }
    if (this.isClosed) return connection.close();
    this.take(connection);
  }

  private refused(error: Error | undefined): void {
    if (error === undefined) return;
    this.tell(error);
    if (error instanceof AuthenticationError) {
      this.refusals.push(error);
      if (this.refusals.length > KEPT_REFUSALS) this.refusals.shift();
    }
    this.serve();
  }

  private tell(error: Error): void {
    this.refusedCount++;
    this.onRefused?.(error);
  }

  private hold(): void {
    this.entrance?.hold(this.holdsLoop && this.entries.length > 0);
  }

  private requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${operation} of ${this.address}, which is closed`);
  }
}
