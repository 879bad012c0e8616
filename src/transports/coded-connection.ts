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
import { InterprocError } from "../errors.js";
import { READY, type Readiness } from "../readiness.js";
import { readableOf, writableOf } from "../web-streams.js";
import type { MessageCodec } from "./message-codec.js";
import { checked, type StandardSchema } from "./standard-schema.js";

const END = { done: true, value: undefined } as const;

/** How values go through a pipe that was not made for it. */
export interface PipeValues {
  send(pipe: Connection, value: unknown, options?: WaitOptions): Promise<void>;
  recv(pipe: Connection, options?: WaitOptions): Promise<unknown>;
  /** What is there now: one, or none. */
  tryRecv(pipe: Connection): (unknown | Promise<unknown>)[];
}

/** Values that another codec than the pipe's own makes bytes of. */
export function codedValues(codec: MessageCodec): PipeValues {
  return {
    send: (pipe, value, options) => pipe.sendBytes(codec.encode(value), options),
    recv: async (pipe, options) => codec.decode(await pipe.recvBytes(options)),
    tryRecv: (pipe) => {
      const bytes = pipe.tryRecvBytes();
      return bytes ? [codec.decode(bytes)] : [];
    },
  };
}

/** Values as the pipe carries them, which a schema checks as they arrive. */
export function checkedValues(schema: StandardSchema): PipeValues {
  const check = (value: unknown): unknown => checked(schema, value, "a message");
  return {
    send: (pipe, value, options) => pipe.send(value, options),
    recv: async (pipe, options) => check(await pipe.recv(options)),
    tryRecv: (pipe) => pipe.tryRecvMany(1).map(check),
  };
}

/** A pipe in shared memory whose values go through another codec than its own, or through a schema. */
export class CodedConnection<Out = unknown, In = unknown> implements AsyncConnection<Out, In> {
  /** A message that could not be decoded, and that no receive has been told of. */
  private failed: { readonly error: unknown } | undefined;
  private streamIn: ReadableStream<In> | undefined;
  private streamOut: WritableStream<Out> | undefined;

  constructor(
    private readonly pipe: Connection,
    private readonly values: PipeValues,
  ) {}

  async send(value: Out, options?: WaitOptions): Promise<void> {
    try {
      await this.values.send(this.pipe, value, options);
    } catch (error) {
      // the value is what was in hand, not its bytes
      if (error instanceof InterprocError && error.undelivered !== undefined)
        Object.defineProperty(error, "undelivered", { value });
      throw error;
    }
  }

  async sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    await Promise.all(Array.from(values, (value) => this.send(value, options)));
  }

  async recv(options?: WaitOptions): Promise<In> {
    const { failed } = this;
    this.failed = undefined;
    if (failed) throw failed.error;
    return (await this.values.recv(this.pipe, options)) as In;
  }

  async recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    checkMax(max, "recvMany()");
    const values: unknown[] = [await this.recv(options)];
    while (values.length < max) {
      try {
        const some = this.values.tryRecv(this.pipe);
        if (some.length === 0) break;
        values.push(await some[0]);
      } catch (error) {
        // what came before it is given first; the end of file comes again
        if ((error as { code?: string }).code !== "ERR_INTERPROC_EOF") this.failed = { error };
        break;
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
}
