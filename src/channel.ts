import type { SyncWaitOptions, WaitOptions } from "./deadline.js";
import type { Waitable } from "./readiness.js";

/** Which part of a buffer is sent. */
export interface SendBytesOptions extends WaitOptions {
  /** First byte; default 0. */
  offset?: number;
  /** How many; default up to the end. */
  size?: number;
}

/** How long a message may be, and how long to wait for it. */
export interface RecvBytesOptions extends WaitOptions {
  /** A longer message is a UsageError and stays where it is. */
  maxLength?: number;
}

/** Where in the buffer a message goes, and how long to wait for it. */
export interface RecvIntoOptions extends WaitOptions {
  /** Where in the buffer the message goes; default 0. */
  offset?: number;
}

/** Who is at the other end. */
export interface Peer {
  readonly transport: string;
  readonly pid?: number;
  readonly uid?: number;
  readonly address?: string;
}

/** Room in the connection's own memory, to be filled in place and then sent, or given up. */
export interface Claim {
  readonly bytes: Uint8Array;
  /** Sends the first `length` bytes (all by default); the view is empty afterwards. */
  commit(length?: number): void;
  abort(): void;
}

/** A received message where it lies; the view is empty once it was released. */
export interface Lease extends Disposable {
  readonly bytes: Uint8Array;
  release(): void;
}

/**
 * One interface over every transport: messages in order, each whole, both ways. Every operation that waits returns a
 * promise; over shared memory there are more forms, see {@link Connection}. Calls of one kind are served in the order
 * in which they were made.
 *
 * What `send()` resolved for is delivered even if this process is killed right after. A message half written by a
 * sender that died, was cancelled or timed out is void. Nothing left to read and the peer closed or dead: receiving is
 * an EOFError, sending a BrokenPipeError.
 */
export interface AsyncConnection<Out = unknown, In = unknown>
  extends Waitable,
    AsyncIterable<In>,
    Disposable,
    AsyncDisposable {
  send(value: Out, options?: WaitOptions): Promise<void>;
  sendMany(values: Iterable<Out>, options?: WaitOptions): Promise<void>;
  recv(options?: WaitOptions): Promise<In>;
  /** Waits for one message and takes up to `max` that are there. One that cannot be decoded fails the receive that begins with it. */
  recvMany(max: number, options?: WaitOptions): Promise<In[]>;
  /** Whether a receive would not wait: a message is there, or the end. False at the timeout (default 0). */
  poll(options?: WaitOptions): Promise<boolean>;
  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: SendBytesOptions): Promise<void>;
  recvBytes(options?: RecvBytesOptions): Promise<Uint8Array>;
  /** Copies the next message into a buffer and gives its length. */
  recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: RecvIntoOptions): Promise<number>;

  /** The received messages as a Web Stream; `undefined` at an end that only sends. Cancelling it closes this end. */
  readonly readable: ReadableStream<In> | undefined;
  /** A Web Stream whose chunks are sent, with back-pressure; `undefined` at an end that only receives. */
  readonly writable: WritableStream<Out> | undefined;
  readonly closed: boolean;
  readonly peer: Peer;
  /** Closes this end; allowed twice. What was sent stays for the peer to read. */
  close(): void;
  /**
   * Says that nothing more is sent, behind what was: the peer reads to the end of file, and can still send. Allowed twice;
   * what is sent after it is a ClosedError. Not there over shared memory, nor where a connection is made again when it breaks.
   *
   * @throws UsageError over a WebSocket to a program that is not interproc: there is no such thing
   */
  closeSending?(): Promise<void>;
  /** A pending wait keeps the process alive (as at first), or after `unref()` does not. */
  ref(): this;
  unref(): this;
}

/**
 * A connection over shared memory: besides the promises, each operation has a form that blocks (`…Sync`) and one that
 * never waits (`try…`), and messages can be written and read in place.
 */
export interface Connection<Out = unknown, In = unknown> extends AsyncConnection<Out, In> {
  sendSync(value: Out, options?: SyncWaitOptions): void;
  /** False when the message does not fit now. */
  trySend(value: Out): boolean;
  sendManySync(values: Iterable<Out>, options?: SyncWaitOptions): void;
  /** How many of the first values fitted. */
  trySendMany(values: Iterable<Out>): number;

  recvSync(options?: SyncWaitOptions): In;
  /** `undefined` when nothing is there. */
  tryRecv(): In | undefined;
  recvManySync(max: number, options?: SyncWaitOptions): In[];
  tryRecvMany(max: number): In[];
  pollSync(options?: SyncWaitOptions): boolean;

  sendBytesSync(bytes: ArrayBufferView | ArrayBuffer, options?: Omit<SendBytesOptions, "signal">): void;
  trySendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: Omit<SendBytesOptions, "signal" | "timeout">): boolean;
  recvBytesSync(options?: Omit<RecvBytesOptions, "signal">): Uint8Array;
  tryRecvBytes(options?: Pick<RecvBytesOptions, "maxLength">): Uint8Array | undefined;
  recvBytesIntoSync(buffer: ArrayBufferView | ArrayBuffer, options?: Omit<RecvIntoOptions, "signal">): number;
  tryRecvBytesInto(
    buffer: ArrayBufferView | ArrayBuffer,
    options?: Pick<RecvIntoOptions, "offset">,
  ): number | undefined;

  claim(bytes: number, options?: WaitOptions): Promise<Claim>;
  claimSync(bytes: number, options?: SyncWaitOptions): Claim;
  tryClaim(bytes: number): Claim | undefined;
  recvLease(options?: WaitOptions): Promise<Lease>;
  recvLeaseSync(options?: SyncWaitOptions): Lease;
  tryRecvLease(): Lease | undefined;
}
