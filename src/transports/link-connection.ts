import { checkLimit, checkMax, part, rest } from "../buffers.js";
import type { AsyncConnection, Peer, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { ClosedError, UsageError } from "../errors.js";
import { nextTurn, turnIsDue, withTurn } from "../loop-turn.js";
import { READY, type Readiness } from "../readiness.js";
import { readableOf, writableOf } from "../web-streams.js";
import type { Link, LinkReceiver } from "./link.js";
import type { MessageCodec } from "./message-codec.js";
import { ownBytes } from "./own-bytes.js";
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
const atEnd = (): typeof END => END;
const same = (bytes: Uint8Array): Uint8Array => bytes;
const SENT = Promise.resolve();
const yes = (): boolean => true;
const isThenable = (value: unknown): value is Promise<unknown> => value instanceof Promise;

/** The promise of a send, which the system may have taken already. */
function sent(pending: Promise<void> | undefined): Promise<void> {
  if (pending) return withTurn(pending); // a library's "written" need not have let the loop turn
  return turnIsDue() ? nextTurn() : SENT;
}

/** An {@link AsyncConnection} over whatever carries messages: a stream with a framing, a WebSocket. */
export class LinkConnection<Out = unknown, In = unknown> implements AsyncConnection<Out, In> {
  private readonly link: Link;
  private readonly sending: Sending;
  private readonly receiving: Receiving;
  private readonly codec: MessageCodec;
  private readonly decode: (bytes: Uint8Array) => In;
  /** A message in memory of its own, for who gets it as bytes. */
  private readonly own: (bytes: Uint8Array) => Uint8Array;
  private isClosed = false;
  private hasEndedSending = false;
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
    this.decode = (bytes) => codec.decode(bytes) as In;
    this.own = codec.sharesNothing ? ownBytes : same;
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
    const { receiving } = this;
    let { refuseFirst } = parts;
    const receiver: LinkReceiver = {
      message: (bytes) => {
        if (refuseFirst) {
          const refusal = refuseFirst(bytes);
          refuseFirst = undefined;
          if (refusal) return failed(refusal);
        }
        receiving.message(bytes);
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
    };
    link.start(receiver, !codec.sharesNothing);
    this.hold();
  }

  send(value: Out, options?: WaitOptions): Promise<void> {
    try {
      this.requireSending("send()");
      return sent(this.sending.send(this.codec.encode(value), value, "send()", options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    this.requireSending("sendMany()");
    if (options?.timeout === undefined && options?.signal === undefined) {
      const { sending, codec } = this;
      const outgoing = sending.outgoing();
      for (const value of values) sending.add(outgoing, codec.encode(value), "sendMany()");
      return sent(sending.sendAll(outgoing, undefined, "sendMany()"));
    }
    const sends: Promise<void>[] = [];
    for (const value of values) {
      sends.push(this.send(value, options));
      if (sends.length === 64) await Promise.all(sends.splice(0));
    }
    await Promise.all(sends);
  }

  recv(options?: WaitOptions): Promise<In> {
    return this.next(this.decode, "recv()", options);
  }

  recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    const take = (bytes: Uint8Array): In[] | Promise<In[]> => {
      const first = this.decode(bytes);
      // a schema that answers later checks one at a time, so that one which does not fit costs no other
      if (isThenable(first)) return first.then((value) => [value as In]);
      return this.receiving.takeMore([first], max, this.decode);
    };
    return this.next(take, "recvMany()", options, undefined, () => checkMax(max, "recvMany()"));
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

  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: SendBytesOptions): Promise<void> {
    try {
      this.requireSending("sendBytes()");
      return sent(this.sending.send(part(bytes, options, "sendBytes()"), bytes, "sendBytes()", options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  recvBytes(options?: RecvBytesOptions): Promise<Uint8Array> {
    const limit = options?.maxLength;
    if (limit === undefined) return this.next(this.own, "recvBytes()", options);
    const take = (bytes: Uint8Array): Uint8Array => {
      if (bytes.length <= limit) return this.own(bytes);
      const what = `recvBytes() of a message of ${bytes.length} bytes`;
      throw new Stays(new UsageError(`${what}; at most ${limit} (maxLength); it is still there`));
    };
    return this.next(take, "recvBytes()", options, undefined, () => checkLimit(limit, "recvBytes()"));
  }

  async recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: RecvIntoOptions): Promise<number> {
    const target = rest(buffer, options?.offset, "recvBytesInto()");
    const take = (bytes: Uint8Array): number => {
      if (bytes.length > target.length)
        throw new UsageError(
          `recvBytesInto() of a message of ${bytes.length} bytes into room for ${target.length}; error.undelivered has it`,
          { undelivered: this.own(bytes) },
        );
      target.set(bytes);
      return bytes.length;
    };
    return this.next(take, "recvBytesInto()", options);
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
    const isWhole = !this.sending.isInsideMessage;
    const closed = (): ClosedError => new ClosedError("the call on a connection that is closed");
    this.sending.rejectAll(closed);
    this.receiving.rejectAll(closed);
    this.link.close(isWhole);
  }

  /**
   * Says that nothing more is sent, behind what was: the peer reads to the end of file, and can still send. A half-close, for
   * programs that answer once they have read everything.
   *
   * Allowed twice. What is sent after it is a ClosedError, and disturbs nothing.
   *
   * @throws UsageError over a WebSocket to a program that is not interproc: there is no such thing
   */
  async closeSending(): Promise<void> {
    this.requireOpen("closeSending()");
    if (this.hasEndedSending) return;
    this.hasEndedSending = true;
    try {
      await this.sending.sendAll(this.sending.outgoing(), undefined, "closeSending()");
      this.link.end();
    } catch (error) {
      this.hasEndedSending = false;
      throw error;
    }
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
    const take = (bytes: Uint8Array): IteratorResult<In> | Promise<IteratorResult<In>> => {
      const value = this.decode(bytes);
      if (isThenable(value)) return value.then((one) => ({ done: false, value: one as In }));
      return { done: false, value };
    };
    const iterator: AsyncIterableIterator<In> = {
      next: () => this.next(take, "for await", undefined, atEnd),
      return: () => Promise.resolve(END),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** What `take` makes of the next message; one that is there already costs no more than a promise. */
  private next<T>(
    take: (message: Uint8Array) => T | Promise<T>,
    operation: string,
    options: WaitOptions | undefined,
    whenOver?: () => T,
    check?: () => void,
  ): Promise<T> {
    try {
      check?.();
      const into = this.into(operation);
      options?.signal?.throwIfAborted();
      const message = into.takeNow();
      if (message === undefined) return into.receive(take, operation, options, whenOver);
      return withTurn(Promise.resolve(this.taken(take, message)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private taken<T>(take: (message: Uint8Array) => T, message: Uint8Array): T {
    try {
      return take(message);
    } catch (error) {
      if (!(error instanceof Stays)) throw error;
      this.receiving.putBack([message]);
      throw error.why;
    }
  }

  private into(operation: string): Receiving {
    this.requireOpen(operation);
    return this.receiving;
  }

  private requireSending(operation: string): void {
    this.requireOpen(operation);
    if (this.hasEndedSending) throw new ClosedError(`${operation} after closeSending()`);
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
