import { checkMax } from "../buffers.js";
import type {
  AsyncConnection,
  Connection,
  Peer,
  RecvBytesOptions,
  RecvIntoOptions,
  SendBytesOptions,
} from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { READY, type Readiness } from "../readiness.js";
import { readableOf, writableOf } from "../web-streams.js";
import type { MessageCodec } from "./message-codec.js";

const END = { done: true, value: undefined } as const;

/** A pipe in shared memory whose values go through another codec than its own, or through a schema. */
export class CodedConnection<Out = unknown, In = unknown> implements AsyncConnection<Out, In> {
  /** A message that could not be decoded, and that no receive has been told of. */
  private failed: { readonly error: unknown } | undefined;
  private streamIn: ReadableStream<In> | undefined;
  private streamOut: WritableStream<Out> | undefined;

  constructor(
    private readonly pipe: Connection,
    private readonly codec: MessageCodec,
  ) {}

  async send(value: Out, options?: WaitOptions): Promise<void> {
    return this.pipe.sendBytes(this.codec.encode(value), options);
  }

  async sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    await Promise.all(Array.from(values, (value) => this.send(value, options)));
  }

  async recv(options?: WaitOptions): Promise<In> {
    const { failed } = this;
    this.failed = undefined;
    if (failed) throw failed.error;
    return this.codec.decode(await this.pipe.recvBytes(options)) as In;
  }

  async recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    checkMax(max, "recvMany()");
    const values: (In | Awaited<In>)[] = [await this.recv(options)];
    while (values.length < max && this.failed === undefined) {
      const bytes = this.next();
      if (!bytes) break;
      try {
        values.push(await (this.codec.decode(bytes) as In));
      } catch (error) {
        this.failed = { error }; // what came before it is given first
      }
    }
    return values as In[];
  }

  async poll(options?: WaitOptions): Promise<boolean> {
    return this.failed !== undefined || this.pipe.poll(options);
  }

  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: SendBytesOptions): Promise<void> {
    return this.pipe.sendBytes(bytes, options);
  }

  recvBytes(options?: RecvBytesOptions): Promise<Uint8Array> {
    return this.pipe.recvBytes(options);
  }

  recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: RecvIntoOptions): Promise<number> {
    return this.pipe.recvBytesInto(buffer, options);
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
    return this.pipe.closed;
  }

  get peer(): Peer {
    return this.pipe.peer;
  }

  close(): void {
    this.pipe.close();
  }

  ref(): this {
    this.pipe.ref();
    return this;
  }

  unref(): this {
    this.pipe.unref();
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
    const inner = this.pipe[READY]();
    return {
      isReady: () => this.failed !== undefined || inner.isReady(),
      whenReady: (signal) => inner.whenReady(signal),
    };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    const iterator: AsyncIterableIterator<In> = {
      next: async () => {
        try {
          return { done: false, value: await this.recv() };
        } catch (error) {
          if ((error as { code?: string }).code === "ERR_INTERPROC_EOF") return END;
          throw error;
        }
      },
      return: () => Promise.resolve(END),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** The next message that is there; the end of file is left to the next receive. */
  private next(): Uint8Array | undefined {
    try {
      return this.pipe.tryRecvBytes();
    } catch {
      return undefined;
    }
  }
}
