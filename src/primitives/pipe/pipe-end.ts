import { checkLimit, checkMax, part, rest } from "../../buffers.js";
import type { Claim, Connection, Lease, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "../../channel.js";
import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { READY } from "../../readiness.js";
import type { BlockingReadiness } from "../../sync/blocking-readiness.js";
import { readableOf, writableOf } from "../../web-streams.js";
import { claimOf, leaseOf } from "./pipe-buffers.js";
import { PipeHolding } from "./pipe-holding.js";
import { brokenReadiness, pipeReadiness } from "./pipe-readiness.js";

const END = { done: true, value: undefined } as const;

/** One end of a pipe over shared memory; see {@link Connection}. */
export class PipeEnd<Out = unknown, In = unknown> extends PipeHolding implements Connection<Out, In> {
  private streamIn: ReadableStream<In> | undefined;
  private streamOut: WritableStream<Out> | undefined;

  // send and recv are the hot ones: an async function would cost each call a promise more
  send(value: Out, options?: WaitOptions): Promise<void> {
    try {
      return this.out("send()").send(value, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendSync(value: Out, options?: SyncWaitOptions): void {
    this.out("sendSync()").sendSync(value, options);
  }

  trySend(value: Out): boolean {
    return this.out("trySend()").trySend(value);
  }

  async sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void> {
    const out = this.out("sendMany()");
    const iterator = values[Symbol.iterator]();
    for (let next = out.tryMany(iterator); !next.done; next = out.tryMany(iterator))
      await out.send(next.value, options);
  }

  sendManySync(values: Iterable<Out>, options?: SyncWaitOptions): void {
    const out = this.out("sendManySync()");
    const iterator = values[Symbol.iterator]();
    for (let next = out.tryMany(iterator); !next.done; next = out.tryMany(iterator)) out.sendSync(next.value, options);
  }

  trySendMany(values: Iterable<Out>): number {
    const out = this.out("trySendMany()");
    const iterator = values[Symbol.iterator]();
    let taken = 0;
    const counted = {
      next: () => {
        taken++;
        return iterator.next();
      },
    };
    // what did not fit in one record may still go in pieces; the last one taken was not sent, or is the iterator's end
    for (let next = out.tryMany(counted); !next.done; next = out.tryMany(counted)) if (!out.trySend(next.value)) break;
    return taken - 1;
  }

  /** @internal `look` is called with each value that has handles in it before these go along; what it throws keeps them. */
  beforeHandles(look: (value: unknown) => void): void {
    this.out("send").beforeHandles = look;
  }

  recv(options?: WaitOptions): Promise<In> {
    try {
      const into = this.into("recv()");
      return into.receive(into.takeValue, "recv()", options) as Promise<In>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  recvSync(options?: SyncWaitOptions): In {
    const into = this.into("recvSync()");
    return into.receiveSync(into.takeValue, "recvSync()", options) as In;
  }

  tryRecv(): In | undefined {
    const into = this.into("tryRecv()");
    return into.tryReceive(into.takeValue, "tryRecv()") as In | undefined;
  }

  async recvMany(max: number, options?: WaitOptions): Promise<In[]> {
    const into = this.into("recvMany()");
    checkMax(max, "recvMany()");
    return into.receive(() => into.takeMany(max) as In[], "recvMany()", options);
  }

  recvManySync(max: number, options?: SyncWaitOptions): In[] {
    const into = this.into("recvManySync()");
    checkMax(max, "recvManySync()");
    return into.receiveSync(() => into.takeMany(max) as In[], "recvManySync()", options);
  }

  tryRecvMany(max: number): In[] {
    const into = this.into("tryRecvMany()");
    checkMax(max, "tryRecvMany()");
    return into.tryReceive(() => into.takeMany(max) as In[], "tryRecvMany()") ?? [];
  }

  async poll(options: WaitOptions = {}): Promise<boolean> {
    const into = this.into("poll()");
    const timeout = Math.max(0, options.timeout ?? 0);
    if (into.isReady || into.isAtEnd) return true;
    if (timeout === 0) return false;
    const yes = (): boolean => true;
    return into.receive(yes, "poll()", { ...options, timeout }, yes).catch((error: unknown) => {
      if ((error as { code?: string }).code === "ERR_INTERPROC_TIMEOUT") return false;
      throw error;
    });
  }

  pollSync(options: SyncWaitOptions = {}): boolean {
    const into = this.into("pollSync()");
    const timeout = Math.max(0, options.timeout ?? 0);
    if (into.isReady || into.isAtEnd) return true;
    if (timeout === 0) return false;
    const yes = (): boolean => true;
    try {
      return into.receiveSync(yes, "pollSync()", { timeout }, yes);
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_INTERPROC_TIMEOUT") return false;
      throw error;
    }
  }

  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: SendBytesOptions): Promise<void> {
    try {
      return this.out("sendBytes()").sendBytes(part(bytes, options, "sendBytes()"), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendBytesSync(bytes: ArrayBufferView | ArrayBuffer, options?: Omit<SendBytesOptions, "signal">): void {
    this.out("sendBytesSync()").sendBytesSync(part(bytes, options, "sendBytesSync()"), options);
  }

  trySendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: Omit<SendBytesOptions, "signal" | "timeout">): boolean {
    return this.out("trySendBytes()").trySendBytes(part(bytes, options, "trySendBytes()"));
  }

  recvBytes(options?: RecvBytesOptions): Promise<Uint8Array> {
    try {
      const into = this.into("recvBytes()");
      if (options === undefined) return into.receive(into.takeWhole, "recvBytes()", undefined);
      checkLimit(options.maxLength, "recvBytes()");
      return into.receive(() => into.takeBytes("recvBytes()", options.maxLength), "recvBytes()", options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  recvBytesSync(options?: Omit<RecvBytesOptions, "signal">): Uint8Array {
    const into = this.into("recvBytesSync()");
    if (options === undefined) return into.receiveSync(into.takeWhole, "recvBytesSync()", undefined);
    checkLimit(options.maxLength, "recvBytesSync()");
    return into.receiveSync(() => into.takeBytes("recvBytesSync()", options.maxLength), "recvBytesSync()", options);
  }

  tryRecvBytes(options?: Pick<RecvBytesOptions, "maxLength">): Uint8Array | undefined {
    const into = this.into("tryRecvBytes()");
    if (options === undefined) return into.tryReceive(into.takeWhole, "tryRecvBytes()");
    checkLimit(options.maxLength, "tryRecvBytes()");
    return into.tryReceive(() => into.takeBytes("tryRecvBytes()", options.maxLength), "tryRecvBytes()");
  }

  async recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options: RecvIntoOptions = {}): Promise<number> {
    const into = this.into("recvBytesInto()");
    const target = rest(buffer, options.offset, "recvBytesInto()");
    if (into.isIdle) into.reader.assembleInto(target);
    try {
      return await into.receive(() => into.takeInto(target, "recvBytesInto()"), "recvBytesInto()", options);
    } finally {
      into.reader.assembleInto(undefined);
    }
  }

  recvBytesIntoSync(buffer: ArrayBufferView | ArrayBuffer, options: Omit<RecvIntoOptions, "signal"> = {}): number {
    const into = this.into("recvBytesIntoSync()");
    const target = rest(buffer, options.offset, "recvBytesIntoSync()");
    if (into.isIdle) into.reader.assembleInto(target);
    try {
      return into.receiveSync(() => into.takeInto(target, "recvBytesIntoSync()"), "recvBytesIntoSync()", options);
    } finally {
      into.reader.assembleInto(undefined);
    }
  }

  tryRecvBytesInto(
    buffer: ArrayBufferView | ArrayBuffer,
    options: Pick<RecvIntoOptions, "offset"> = {},
  ): number | undefined {
    const into = this.into("tryRecvBytesInto()");
    const target = rest(buffer, options.offset, "tryRecvBytesInto()");
    return into.tryReceive(() => into.takeInto(target, "tryRecvBytesInto()"), "tryRecvBytesInto()");
  }

  async claim(bytes: number, options?: WaitOptions): Promise<Claim> {
    const out = this.out("claim()");
    for (;;) {
      const claimed = out.tryClaim(bytes);
      if (claimed) return claimOf(claimed);
      await out.rooms.waitFor(bytes, "claim()", options);
    }
  }

  claimSync(bytes: number, options?: SyncWaitOptions): Claim {
    const out = this.out("claimSync()");
    let claimed = out.tryClaim(bytes);
    if (!claimed) {
      const attempt = (): boolean => {
        claimed ??= out.tryClaim(bytes);
        return claimed !== undefined;
      };
      out.rooms.block(attempt, bytes, "claimSync()", options);
      out.requirePeer(undefined);
    }
    return claimOf(claimed as NonNullable<typeof claimed>);
  }

  tryClaim(bytes: number): Claim | undefined {
    const claimed = this.out("tryClaim()").tryClaim(bytes);
    return claimed && claimOf(claimed);
  }

  async recvLease(options?: WaitOptions): Promise<Lease> {
    const into = this.into("recvLease()");
    return into.receive(() => leaseOf(into.takeLease("recvLease()")), "recvLease()", options);
  }

  recvLeaseSync(options?: SyncWaitOptions): Lease {
    const into = this.into("recvLeaseSync()");
    return into.receiveSync(() => leaseOf(into.takeLease("recvLeaseSync()")), "recvLeaseSync()", options);
  }

  tryRecvLease(): Lease | undefined {
    const into = this.into("tryRecvLease()");
    return into.tryReceive(() => leaseOf(into.takeLease("tryRecvLease()")), "tryRecvLease()");
  }

  get readable(): ReadableStream<In> | undefined {
    if (this.receiving) this.streamIn ??= readableOf<In>(this);
    return this.streamIn;
  }

  get writable(): WritableStream<Out> | undefined {
    if (this.sending) this.streamOut ??= writableOf<Out>(this);
    return this.streamOut;
  }

  [READY](): BlockingReadiness {
    return this.isBroken ? brokenReadiness : pipeReadiness(this.into("wait()"));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    const into = this.into("for await");
    const iterator: AsyncIterableIterator<In> = {
      next: () => {
        try {
          this.into("for await");
          return into.receive(into.takeResult as () => IteratorResult<In>, "for await", undefined, () => END);
        } catch (error) {
          return Promise.reject(error);
        }
      },
      return: () => Promise.resolve(END),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}
