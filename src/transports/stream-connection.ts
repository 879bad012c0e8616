import type { Readable, Writable } from "node:stream";
import { checkLimit, checkMax, part, rest } from "../buffers.js";
import type { AsyncConnection, Peer, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { ClosedError, UsageError } from "../errors.js";
import { READY, type Readiness } from "../readiness.js";
import { readableOf, writableOf } from "../web-streams.js";
import type { Framing } from "./framing.js";
import type { MessageCodec } from "./message-codec.js";
import { Stays, StreamReceiving } from "./stream-receiving.js";
import { StreamSending } from "./stream-sending.js";

/** The longest message over a stream, unless it is said otherwise. */
export const MAX_STREAM_MESSAGE = 64 * 2 ** 20;

/** What a connection over a stream is made of. */
export interface StreamParts {
  readonly input: Readable;
  readonly output: Writable;
  readonly framing: Framing;
  readonly codec: MessageCodec;
  readonly peer: Peer;
  readonly maxMessage?: number | undefined;
}

const END = { done: true, value: undefined } as const;
const yes = (): boolean => true;

/** A {@link AsyncConnection} over Node's streams: a socket, or a readable and a writable one. */
export class StreamConnection<Out = unknown, In = unknown> implements AsyncConnection<Out, In> {
  private readonly sending: StreamSending;
  private readonly receiving: StreamReceiving;
  private readonly codec: MessageCodec;
  private isClosed = false;
  private holdsLoop = true;
  private streamIn: ReadableStream<In> | undefined;
  private streamOut: WritableStream<Out> | undefined;

  constructor(private readonly parts: StreamParts) {
    const { input, output, framing, codec, maxMessage = MAX_STREAM_MESSAGE } = parts;
    this.codec = codec;
    const hold = (): void => this.hold();
    this.sending = new StreamSending(output, framing, maxMessage, hold, () => this.destroy());
    this.receiving = new StreamReceiving(input, framing.reader(maxMessage), hold, () => this.destroy());
    this.hold();
  }

  async send(value: Out, options?: WaitOptions): Promise<void> {
    this.requireOpen("send()");
    return this.sending.send(this.codec.encode(value), value, "send()", options);
  }

  async sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    const sends: Promise<void>[] = [];
    for (const value of values) {
      sends.push(this.send(value, options));
      if (sends.length === 64) await Promise.all(sends.splice(0));
    }
    await Promise.all(sends);
  }

  async recv(options?: WaitOptions): Promise<In> {
    return this.into("recv()").receive((bytes) => this.codec.decode(bytes) as In, "recv()", options);
  }

  async recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    checkMax(max, "recvMany()");
    const into = this.into("recvMany()");
    const decode = (bytes: Uint8Array): In => this.codec.decode(bytes) as In;
    return into.receive((bytes) => [decode(bytes), ...into.takeMore(max - 1, decode)], "recvMany()", options);
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
    return this.sending.send(part(bytes, options, "sendBytes()"), bytes, "sendBytes()", options);
  }

  async recvBytes(options?: RecvBytesOptions): Promise<Uint8Array> {
    const limit = options?.maxLength;
    checkLimit(limit, "recvBytes()");
    const take = (bytes: Uint8Array): Uint8Array => {
      if (limit === undefined || bytes.length <= limit) return bytes;
      const what = `recvBytes() of a message of ${bytes.length} bytes`;
      throw new Stays(new UsageError(`${what}; at most ${limit} (maxLength); it is still there`));
    };
    return this.into("recvBytes()").receive(take, "recvBytes()", options);
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
    return this.into("recvBytesInto()").receive(take, "recvBytesInto()", options);
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
    const { input, output } = this.parts;
    if (isWhole) output.end(() => output.destroy());
    else output.destroy();
    if ((input as unknown) !== output) input.destroy();
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
        const take = (bytes: Uint8Array): IteratorResult<In> => ({
          done: false,
          value: this.codec.decode(bytes) as In,
        });
        return this.into("for await").receive(take, "for await", undefined, () => END);
      },
      return: () => Promise.resolve(END),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  private into(operation: string): StreamReceiving {
    this.requireOpen(operation);
    return this.receiving;
  }

  private requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${operation} on a connection that is closed`);
  }

  /** The stream cannot be used any more: what comes is no messages, or a half written one cannot be voided. */
  private destroy(): void {
    this.parts.output.destroy();
    this.parts.input.destroy();
  }

  /** A pending call keeps the process alive; an idle connection does not. */
  private hold(): void {
    if (!this.sending || !this.receiving) return;
    const held = this.holdsLoop && (this.sending.isWaiting || this.receiving.isWaiting);
    for (const stream of [this.parts.input, this.parts.output] as { ref?(): void; unref?(): void }[])
      if (held) stream.ref?.();
      else stream.unref?.();
  }
}
