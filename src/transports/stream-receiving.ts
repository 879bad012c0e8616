import type { Readable } from "node:stream";
import type { WaitOptions } from "../deadline.js";
import { EOFError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import type { FrameReader } from "./framing.js";

/** So much is read ahead of who receives; then the stream is paused, and the peer feels it. */
const AHEAD = 64 * 1024;
/** What a message weighs besides its bytes. */
const EACH = 64;

interface Entry<T> {
  readonly pending: PendingCall<T>;
  readonly take: (message: Uint8Array) => T;
  readonly atEnd: (() => T) | undefined;
  /** Looks at the message and leaves it. */
  readonly looks: boolean;
}

/** What refuses a message that is to stay where it is. */
export class Stays extends Error {
  constructor(readonly why: Error) {
    super(why.message);
  }
}

/** The receiving half of a connection over a stream: bytes into messages, to the calls in their order. */
export class StreamReceiving {
  private readonly queue: Entry<unknown>[] = [];
  private readonly messages: Uint8Array[] = [];
  private bytes = 0;
  private hasEnded = false;
  private failure: Error | undefined;

  constructor(
    private readonly stream: Readable,
    private readonly frames: FrameReader,
    /** Whether some call waits has changed. */
    private readonly onWaiting: () => void,
    private readonly onBroken: () => void,
  ) {
    stream.on("data", (chunk: Uint8Array) => this.take(chunk));
    stream.once("end", () => this.end());
    stream.once("close", () => this.end());
    stream.on("error", () => this.end()); // a reset is an end; who sends is told more
  }

  get isWaiting(): boolean {
    return this.queue.length > 0;
  }

  /** Whether a receive would not wait. */
  get wouldNotWait(): boolean {
    return this.queue.every(({ looks }) => looks) && (this.messages.length > 0 || this.isOver);
  }

  receive<T>(
    take: (message: Uint8Array) => T,
    operation: string,
    options: WaitOptions = {},
    atEnd?: () => T,
    looks = false,
  ): Promise<T> {
    options.signal?.throwIfAborted();
    const entry: Entry<T> = {
      take,
      atEnd,
      looks,
      pending: new PendingCall<T>(operation, options, () => this.withdraw(entry as Entry<unknown>)),
    };
    this.queue.push(entry as Entry<unknown>);
    this.serve();
    return entry.pending.promise;
  }

  /** What `take` makes of the next messages, up to so many. One at which it throws stays, and the next receive fails with it. */
  takeMore<T>(max: number, take: (message: Uint8Array) => T): T[] {
    const taken: T[] = [];
    try {
      for (; taken.length < max && this.messages.length > 0; this.drop()) taken.push(take(this.messages[0]));
    } catch {
      // it will be taken by itself
    }
    return taken;
  }

  rejectAll(error: () => Error): void {
    for (const { pending } of this.queue.splice(0)) pending.reject(error());
    this.messages.length = 0;
    this.hasEnded = true;
    this.onWaiting();
  }

  private get isOver(): boolean {
    return this.hasEnded || this.failure !== undefined;
  }

  private take(chunk: Uint8Array): void {
    if (this.isOver) return;
    this.frames.push(chunk);
    this.cut();
    this.serve();
  }

  private cut(): void {
    try {
      for (let message = this.frames.next(); message; message = this.frames.next()) this.keep(message);
    } catch (error) {
      this.failure = error as Error;
      this.onBroken();
    }
  }

  private keep(message: Uint8Array): void {
    this.messages.push(message);
    this.bytes += message.length + EACH;
  }

  private end(): void {
    if (this.isOver) return;
    const last = this.frames.last();
    if (last) this.keep(last);
    this.hasEnded = true;
    this.serve();
  }

  private serve(): void {
    const { queue, messages } = this;
    while (queue.length > 0 && (messages.length > 0 || this.isOver)) {
      const entry = queue[0];
      if (messages.length > 0) {
        queue.shift();
        this.give(entry);
        continue;
      }
      queue.shift();
      if (entry.atEnd && !this.failure) entry.pending.resolve(entry.atEnd());
      else entry.pending.reject(this.failure ?? this.endOfFile());
    }
    if (!this.isOver && this.stream.isPaused() !== this.bytes > AHEAD)
      this.stream[this.bytes > AHEAD ? "pause" : "resume"]();
    this.onWaiting();
  }

  private give({ pending, take, looks }: Entry<unknown>): void {
    const [message] = this.messages;
    if (!looks) this.drop();
    try {
      pending.resolve(take(message));
    } catch (error) {
      if (!(error instanceof Stays)) return pending.reject(error);
      this.messages.unshift(message);
      this.bytes += message.length + EACH;
      pending.reject(error.why);
    }
  }

  private drop(): void {
    const message = this.messages.shift();
    if (message) this.bytes -= message.length + EACH;
  }

  private withdraw(entry: Entry<unknown>): void {
    const index = this.queue.indexOf(entry);
    if (index >= 0) this.queue.splice(index, 1);
    this.onWaiting();
  }

  private endOfFile(): EOFError {
    const inside = this.frames.kept > 0 ? ` (after ${this.frames.kept} bytes of a message, which is void)` : "";
    return new EOFError(`recv, and nothing is left to read: the other end is closed or its process dead${inside}`);
  }
}
