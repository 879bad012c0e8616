import { checkLimit, checkMax, part, rest } from "../buffers.js";
import type { AsyncConnection, Peer, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { ClosedError, UsageError } from "../errors.js";
import { withTurn } from "../loop-turn.js";
import { READY, type Readiness } from "../readiness.js";
import { readableOf, writableOf } from "../web-streams.js";
import type { Link } from "./link.js";
import type { MessageCodec } from "./message-codec.js";
import { Receiving, Stays } from "./receiving.js";
import { Sending } from "./sending.js";

/** The longest message over anything but shared memory, unless it is said otherwise. */
export const MAX_MESSAGE = 64 * 2 ** 20;

/** What a connection over a link is made of. */
export interface LinkParts {
  readonly link: Link;
  readonly codec: MessageCodec;
  readonly peer: Peer;
  readonly maxMessage?: number | undefined;
  /** So many calls may wait to be sent; 65,536 by default. */
  readonly maxWaiting?: number | undefined;
  /** A peer that takes nothing for so many milliseconds while a message is under way is given up; never by default. */
  readonly slowPeerTimeout?: number | undefined;
  /** What is wrong with the first message that comes, if anything. */
  readonly refuseFirst?: (message: Uint8Array) => Error | undefined;
}

const END = { done: true, value: undefined } as const;
const yes = (): boolean => true;
const isThenable = (value: unknown): value is Promise<unknown> => value instanceof Promise;

/** An {@link AsyncConnection} over whatever carries messages: a stream with a framing, a WebSocket. */
export class LinkConnection<Out = unknown, In = unknown> implements AsyncConnection<Out, In> {
  private readonly link: Link;
  private readonly sending: Sending;
  private readonly receiving: Receiving;
  private readonly codec: MessageCodec;
  private isClosed = false;
  private holdsLoop = true;
  private isHeld: boolean | undefined;
  private streamIn: ReadableStream<In> | undefined;
  private streamOut: WritableStream<Out> | undefined;
  /** Is called once nothing more can come or nothing more can be sent. */
  onOver: (() => void) | undefined;

  constructor(private readonly parts: LinkParts) {
    const { link, codec, maxMessage = MAX_MESSAGE, maxWaiting = 65_536 } = parts;
    const { slowPeerTimeout = Number.POSITIVE_INFINITY } = parts;
    this.link = link;
    this.codec = codec;
    const hold = (): void => this.hold();
    const cut = (): void => link.close(false);
    this.sending = new Sending(link, { maxMessage, maxWaiting, slowPeerTimeout }, hold, cut);
    this.receiving = new Receiving(link, hold, cut);
    const over = (): void => {
      if (this.sending.hasBroken && this.receiving.hasStopped) link.close(false);
      this.onOver?.();
    };
    const failed = (error: Error): void => {
      this.sending.broken(error.name === "AuthenticationError" ? error : undefined);
      this.receiving.failed(error);
    };
    let { refuseFirst } = parts;
    link.start({
      message: (bytes) => {
        const refusal = refuseFirst?.(bytes);
        refuseFirst = undefined;
        if (refusal) failed(refusal);
        else this.receiving.message(bytes);
      },
      settled: () => this.receiving.settled(),
      ended: () => {
        this.receiving.ended();
        over();
      },
      failed,
      broken: () => {
        this.sending.broken();
        over();
      },
    });
    this.hold();
  }

  async send(value: Out, options?: WaitOptions): Promise<void> {
    this.requireOpen("send()");
    return withTurn(this.sending.send(this.codec.encode(value), value, "send()", options));
  }

  async sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    this.requireOpen("sendMany()");
    if (options?.timeout === undefined && options?.signal === undefined) {
      const payloads = Array.from(values, (value) => this.codec.encode(value).slice());
      return withTurn(this.sending.sendAll(payloads, undefined, "sendMany()"));
    }
    const sends: Promise<void>[] = [];
    for (const value of values) {
      sends.push(this.send(value, options));
      if (sends.length === 64) await Promise.all(sends.splice(0));
    }
    await Promise.all(sends);
  }

  async recv(options?: WaitOptions): Promise<In> {
    return withTurn(this.into("recv()").receive((bytes) => this.codec.decode(bytes) as In, "recv()", options));
  }

  async recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    checkMax(max, "recvMany()");
    const into = this.into("recvMany()");
    const decode = (bytes: Uint8Array): In => this.codec.decode(bytes) as In;
    const take = (bytes: Uint8Array): In[] | Promise<In[]> => {
      const first = decode(bytes);
      // a schema that answers later checks one at a time, so that one which does not fit costs no other
      return isThenable(first) ? first.then((value) => [value as In]) : [first, ...into.takeMore(max - 1, decode)];
    };
    return withTurn(into.receive(take, "recvMany()", options));
  }

  async poll(options: WaitOptions = {}): Promise<boolean> {
    const into = this.into("poll()");
    const timeout = Math.max(0, options.timeout ?? 0);
    if (into.wouldNotWait) return true;
    if (timeout === 0) return false;
    return into.receive(yes, "poll()", { ...options, timeout }, yes, true).catch((error: unknown) => {
      if ((error as { code?: string }).code === "ERR_INTERPROC_TIMEOUT") return false;
      throw error;
    });
  }

  async sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: SendBytesOptions): Promise<void> {
    this.requireOpen("sendBytes()");
    return withTurn(this.sending.send(part(bytes, options, "sendBytes()"), bytes, "sendBytes()", options));
  }

  async recvBytes(options?: RecvBytesOptions): Promise<Uint8Array> {
    const limit = options?.maxLength;
    checkLimit(limit, "recvBytes()");
    const take = (bytes: Uint8Array): Uint8Array => {
      if (limit === undefined || bytes.length <= limit) return bytes;
      const what = `recvBytes() of a message of ${bytes.length} bytes`;
      throw new Stays(new UsageError(`${what}; at most ${limit} (maxLength); it is still there`));
    };
    return withTurn(this.into("recvBytes()").receive(take, "recvBytes()", options));
  }

  async recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: RecvIntoOptions): Promise<number> {
    const target = rest(buffer, options?.offset, "recvBytesInto()");
    const take = (bytes: Uint8Array): number => {
      if (bytes.length > target.length)
        throw new UsageError(
          `recvBytesInto() of a message of ${bytes.length} bytes into room for ${target.length}; error.undelivered has it`,
          { undelivered: bytes },
        );
      target.set(bytes);
      return bytes.length;
    };
    return withTurn(this.into("recvBytesInto()").receive(take, "recvBytesInto()", options));
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

  /** @internal nothing is left to receive but the end of file */
  get isAtEnd(): boolean {
    return this.receiving.isAtEnd;
  }

  get peer(): Peer {
    return this.parts.peer;
  }

  /** What was sent stays for the peer to read; a message that is half written is void. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const isWhole = !this.sending.isWaiting;
    const closed = (): ClosedError => new ClosedError("the call on a connection that is closed");
    this.sending.rejectAll(closed);
    this.receiving.rejectAll(closed);
    this.link.close(isWhole);
  }

  /**
   * Says that nothing more is sent, behind what was: the peer reads to the end of file, and can still send. A half-close, for
   * programs that answer once they have read everything.
   *
   * @throws UsageError over a WebSocket to a program that is not interproc: there is no such thing
   */
  async closeSending(): Promise<void> {
    this.requireOpen("closeSending()");
    await this.sending.sendAll([], undefined, "closeSending()");
    this.link.end();
  }

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

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @internal */
  [READY](): Readiness {
    const into = this.into("wait()");
    return {
      isReady: () => into.wouldNotWait,
      whenReady: (signal) =>
        into.receive(yes, "wait()", { signal }, yes, true).then(
          () => false,
          (error) => {
            if ((error as { code?: string })?.code === "ERR_INTERPROC_PROTOCOL") return true; // the receive will throw it
            throw error;
          },
        ),
    };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    const iterator: AsyncIterableIterator<In> = {
      next: async () => {
        const take = (bytes: Uint8Array): IteratorResult<In> | Promise<IteratorResult<In>> => {
          const value = this.codec.decode(bytes) as In;
          if (isThenable(value)) return value.then((one) => ({ done: false, value: one as In }));
          return { done: false, value };
        };
        return withTurn(this.into("for await").receive(take, "for await", undefined, () => END));
      },
      return: () => Promise.resolve(END),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  private into(operation: string): Receiving {
    this.requireOpen(operation);
    return this.receiving;
  }

  private requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${operation} on a connection that is closed`);
  }

  /** A pending call keeps the process alive; an idle connection does not. */
  private hold(): void {
    if (!this.sending || !this.receiving) return;
    const held = this.holdsLoop && (this.sending.isWaiting || this.receiving.isWaiting);
    if (held === this.isHeld) return;
    this.isHeld = held;
    this.link[held ? "ref" : "unref"]();
  }
}
