import type { Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { deadlineOf, type WaitOptions } from "../deadline.js";
import { ClosedError, CodecError, UsageError } from "../errors.js";
import { READY, type Readiness, type Waitable } from "../readiness.js";
import { DatagramInbox, type Packet } from "./datagram-inbox.js";
import type { MessageCodec } from "./message-codec.js";
import { networkError } from "./network-error.js";
import { checked, type StandardSchema } from "./standard-schema.js";
import { UdpAddress } from "./udp-address.js";

/** What a datagram can carry: 65,535 less the headers before it, which IPv6 does not count all. */
const MOST_BYTES = { 4: 65_507, 6: 65_527 } as const;

/** A message that came, and who sent it. */
export interface Datagram<T = unknown> {
  readonly value: T;
  /** The sender's address, to be given to `send()`. */
  readonly from: string;
}

/** What a UdpSocket is made of. */
export interface UdpParts<In> {
  readonly socket: Socket;
  readonly family: 4 | 6;
  readonly codec: MessageCodec;
  readonly schema: StandardSchema<In> | undefined;
  readonly maxKept: number;
  readonly maxKeptBytes: number;
  readonly onMissed: ((count: number) => void) | undefined;
}

/**
 * A socket for datagrams, made by {@link bindUdp}: messages to and from any address, each whole or not at all. The
 * network may lose them, double them and change their order, and nobody is told.
 *
 * What comes is kept from the bind on until it is received, up to `maxKept` messages and `maxKeptBytes` bytes; then the
 * oldest go, and `missed` counts them. What the kernel drops before, because this process does not come to reading, is
 * counted nowhere (`recvBufferSize` gives it room). Calls that wait are served in the order in which they were made; one
 * that waits keeps the process alive, the socket by itself does not.
 */
export class UdpSocket<Out = unknown, In = unknown>
  implements Waitable, AsyncIterable<Datagram<In>>, Disposable, AsyncDisposable
{
  /** Where others reach it, as a URL: udp://127.0.0.1:41234, or udp://[::1]:41234. */
  readonly address: string;
  private readonly inbox: DatagramInbox;
  private readonly gone: Promise<void>;
  private isClosed = false;
  private holdsLoop = true;

  /** @internal */
  constructor(private readonly parts: UdpParts<In>) {
    const { socket, maxKept, maxKeptBytes, onMissed } = parts;
    const { address, port } = socket.address();
    this.address = new UdpAddress(address, port).toString();
    this.inbox = new DatagramInbox(maxKept, maxKeptBytes, () => this.hold());
    this.inbox.onMissed = onMissed;
    this.gone = new Promise((done) => socket.once("close", done));
    socket.on("message", ({ buffer, byteOffset, length }, { address: host, port: from }) =>
      this.inbox.add({ bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, length), host, port: from }),
    );
    socket.on("error", (cause) => this.inbox.add(networkError(`${this.address}: recv()`, cause, this.address)));
    this.hold();
  }

  /**
   * Sends one message to an address. It resolves once the system has taken the datagram: whether it arrives nobody will
   * say. Without a name to look up in `to` it is on its way when the call returns, and a `close()` or a kill right after
   * does not take it back.
   *
   * @throws UsageError for what is no address, or more bytes than a datagram can carry: 65,507 over IPv4, 65,527 over IPv6
   * @throws CodecError when the codec does not take the value
   * @throws SystemError when the system refuses: no route (ENETUNREACH), no leave to broadcast (EACCES), an unknown name
   * @throws ClosedError after `close()`
   */
  async send(value: Out, to: string): Promise<void> {
    const operation = `${this.address}: send()`;
    this.requireOpen("send()");
    const target = UdpAddress.parse(to, operation);
    if (target.port === 0) throw new UsageError(`${operation}: the port of ${to} is 0; allowed: 1 to 65535`);
    // a codec may give memory that it uses again, and the kernel may take a datagram later only
    const bytes = this.encode(value, operation).slice();
    const host = target.family === 0 ? await this.find(target.host, operation, value) : this.reach(target, operation);
    this.requireOpen("send()", value);
    const most = /^::ffff:|^[^:]+$/i.test(host) ? MOST_BYTES[4] : MOST_BYTES[6];
    if (bytes.length > most)
      throw new UsageError(
        `${operation} of ${bytes.length.toLocaleString("en")} bytes; at most ${most.toLocaleString("en")} ` +
          `in a datagram over IPv${most === MOST_BYTES[4] ? 4 : 6}`,
        { undelivered: value },
      );
    await new Promise<void>((done, fail) => {
      this.parts.socket.send(bytes, target.port, host, (cause) => {
        if (!cause) done();
        else if (this.isClosed) fail(this.closedError("send()", value));
        else fail(networkError(`${operation} to ${to}`, cause, this.address, value));
      });
    });
  }

  /**
   * The next message and who sent it, waiting while there is none.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; then nothing was taken
   * @throws CodecError for a message that cannot be decoded or does not fit the schema, with its bytes, or its value,
   * in `undelivered`; the socket goes on
   * @throws ClosedError by `close()`
   */
  async recv(options?: WaitOptions): Promise<Datagram<In>> {
    this.requireOpen("recv()");
    const operation = `${this.address}: recv()`;
    deadlineOf(options?.timeout, operation);
    return this.open(await this.inbox.take(operation, options), operation);
  }

  /**
   * The next message, or undefined; never waits.
   *
   * @throws CodecError as `recv`; UsageError for a schema that is asynchronous; ClosedError
   */
  tryRecv(): Datagram<In> | undefined {
    this.requireOpen("tryRecv()");
    const packet = this.inbox.takeNow();
    if (!packet) return undefined;
    const opened = this.open(packet, `${this.address}: tryRecv()`);
    if (!(opened instanceof Promise)) return opened;
    opened.catch(() => undefined);
    throw new UsageError(`${this.address}: tryRecv() with a schema that is asynchronous; allowed: recv()`, {
      undelivered: packet.bytes,
    });
  }

  /** Whether a receive would not wait, waiting for that up to `timeout` (default 0). @throws ClosedError by `close()` */
  async poll(options: WaitOptions = {}): Promise<boolean> {
    this.requireOpen("poll()");
    const operation = `${this.address}: poll()`;
    deadlineOf(options.timeout, operation);
    options.signal?.throwIfAborted();
    const timeout = Math.max(0, options.timeout ?? 0);
    if (this.inbox.wouldNotWait) return true;
    if (timeout === 0) return false;
    try {
      await this.inbox.look(operation, { ...options, timeout });
      return true;
    } catch (error) {
      if ((error as { code?: string })?.code === "ERR_INTERPROC_TIMEOUT") return false;
      throw error;
    }
  }

  /** How many messages were dropped so far, because nobody received them in time. */
  get missed(): number {
    return this.inbox.missed;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /**
   * Ends it; allowed twice. Calls that wait reject with ClosedError, loops end, and what nobody received is gone. What
   * was sent is on its way.
   */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.inbox.close(() => this.closedError("the call"));
    this.parts.socket.close();
  }

  /** A pending call keeps the process alive, as at first. */
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

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes it; then the address is free again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.gone;
  }

  /** The messages as they come; ends when the socket is closed. Leaving the loop does not close it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram<In>> {
    const over = { done: true, value: undefined } as const;
    let isLeft = false;
    const iterator: AsyncIterableIterator<Datagram<In>> = {
      next: async () => {
        if (isLeft || this.isClosed) return over;
        const operation = `${this.address}: for await`;
        let packet: Packet;
        try {
          packet = await this.inbox.take(operation);
        } catch (error) {
          if (this.isClosed && error instanceof ClosedError) return over;
          throw error;
        }
        return { done: false, value: await this.open(packet, operation) };
      },
      return: async () => {
        isLeft = true;
        return over;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** @internal */
  [READY](): Readiness {
    this.requireOpen("wait()");
    return {
      isReady: () => this.inbox.wouldNotWait,
      whenReady: (signal) => this.inbox.look(`${this.address}: wait()`, { signal }).then(() => false),
    };
  }

  private encode(value: Out, operation: string): Uint8Array {
    const bytes = this.parts.codec.encode(value);
    if (bytes instanceof Uint8Array) return bytes;
    throw new CodecError(`${operation}: the codec's encode gave ${typeof bytes}; allowed: a Uint8Array`);
  }

  private open({ bytes, host, port }: Packet, operation: string): Datagram<In> | Promise<Datagram<In>> {
    const from = new UdpAddress(host, port).toString();
    const what = `${operation} of a datagram of ${bytes.length.toLocaleString("en")} bytes from ${from}`;
    const { codec, schema } = this.parts;
    let value: unknown;
    try {
      value = codec.decode(bytes);
    } catch (cause) {
      const why = (cause as Error)?.message;
      throw new CodecError(`${what}: ${why}`, { cause, resource: this.address, undelivered: bytes });
    }
    if (!schema) return { value: value as In, from };
    const fitting = checked(schema, value, what);
    return fitting instanceof Promise ? fitting.then((one) => ({ value: one, from })) : { value: fitting, from };
  }

  /** The address of a name, in a family that this socket speaks. */
  private async find(name: string, operation: string, value: Out): Promise<string> {
    const { family } = this.parts;
    try {
      const all = await lookup(name, { all: true });
      const own = all.find((one) => one.family === family) ?? all[0];
      return this.reach(new UdpAddress(own.address, 1), operation);
    } catch (cause) {
      if (cause instanceof UsageError) throw cause;
      throw networkError(operation, cause, this.address, value);
    }
  }

  /** How the socket writes an address: one for IPv6 reaches IPv4 by addresses of its own kind. */
  private reach({ host, family }: UdpAddress, operation: string): string {
    if (family === this.parts.family) return host;
    if (family === 4) return `::ffff:${host}`;
    throw new UsageError(`${operation} to ${host}: the socket is bound to an IPv4 address; allowed: IPv4 addresses`);
  }

  private requireOpen(operation: string, undelivered?: unknown): void {
    if (this.isClosed) throw this.closedError(operation, undelivered);
  }

  private closedError(operation: string, undelivered?: unknown): ClosedError {
    return new ClosedError(`${this.address}: ${operation} after close()`, { resource: this.address, undelivered });
  }

  private hold(): void {
    if (this.isClosed) return;
    if (this.holdsLoop && this.inbox.isWaiting) this.parts.socket.ref();
    else this.parts.socket.unref();
  }
}
