import type { WaitOptions } from "../deadline.js";
import { EOFError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import type { Link, LinkReceiver } from "./link.js";

/** So much is read ahead of who receives; then the link is paused, and the peer feels it. */
const AHEAD = 64 * 1024;
/** What a message weighs besides its bytes. */
const EACH = 64;
/** So many messages that were taken may still stand in front of the others. */
const TAKEN = 1024;

interface Entry<T> {
  readonly pending: PendingCall<T>;
  readonly take: (message: Uint8Array) => T | PromiseLike<T>;
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

/** The receiving half of a connection over a link: messages to the calls, in the order of both. */
export class Receiving implements Omit<LinkReceiver, "broken"> {
  private readonly queue: Entry<unknown>[] = [];
  private messages: Uint8Array[] = [];
  /** So many of the messages were taken. */
  private taken = 0;
  private bytes = 0;
  private hasEnded = false;
  private failure: Error | undefined;
  private isPaused = false;
  /** The link was told that somebody waits. */
  private isAwaited = false;

  constructor(
    private readonly link: Link,
    /** Whether some call waits has changed. */
    private readonly onWaiting: () => void,
    private readonly onBroken: () => void,
  ) {}

  get isWaiting(): boolean {
    return this.queue.length > 0;
  }

  /** Nothing more comes. */
  get hasStopped(): boolean {
    return this.isOver;
  }

  /** Nothing is left but the end of file. */
  get isAtEnd(): boolean {
    return this.isOver && this.count === 0;
  }

  /** Whether a receive would not wait. */
  get wouldNotWait(): boolean {
    return this.queue.every(({ looks }) => looks) && (this.count > 0 || this.isOver);
  }

  /** Waits for a message, or gives what is there already. */
  receive<T>(
    take: (message: Uint8Array) => T | PromiseLike<T>,
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
    this.settled();
    return entry.pending.promise;
  }

  /** The next message, if there is one and nobody waits for it. */
  takeNow(): Uint8Array | undefined {
    if (this.taken === this.messages.length || this.queue.length > 0) return undefined;
    const message = this.messages[this.taken];
    this.drop();
    if (this.isPaused) this.settled();
    return message;
  }

  /** Adds what `take` makes of the next messages, up to so many in all. One at which it throws stays, and the next receive fails with it. */
  takeMore<T>(taken: T[], max: number, take: (message: Uint8Array) => T): T[] {
    try {
      for (; taken.length < max && this.count > 0; this.drop()) taken.push(take(this.messages[this.taken]));
    } catch {
      // it will be taken by itself
    }
    return taken;
  }

  /** Puts messages back in front. */
  putBack(messages: readonly Uint8Array[]): void {
    this.messages = [...messages, ...this.messages.slice(this.taken)];
    this.taken = 0;
    for (const { length } of messages) this.bytes += length + EACH;
  }

  rejectAll(error: () => Error): void {
    for (const { pending } of this.queue.splice(0)) pending.reject(error());
    this.messages = [];
    this.taken = 0;
    this.hasEnded = true;
    this.await();
    this.onWaiting();
  }

  message(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.messages.push(bytes);
    this.bytes += bytes.length + EACH;
  }

  ended(): void {
    if (this.isOver) return;
    this.hasEnded = true;
    this.settled();
  }

  failed(error: Error): void {
    if (this.isOver) return;
    this.failure = error;
    this.onBroken();
    this.settled();
  }

  settled(): void {
    const { queue } = this;
    while (queue.length > 0 && (this.count > 0 || this.isOver)) {
      const entry = queue.shift() as Entry<unknown>;
      if (this.count > 0) this.give(entry);
      else if (entry.atEnd && !this.failure) entry.pending.resolve(entry.atEnd());
      else entry.pending.reject(this.failure ?? this.endOfFile());
    }
    const tooMuch = this.bytes > AHEAD || (queue.length === 0 && this.bytes + this.link.kept > AHEAD);
    if (!this.isOver && tooMuch !== this.isPaused) {
      this.isPaused = tooMuch;
      this.link[tooMuch ? "pause" : "resume"]();
    }
    this.await();
    this.onWaiting();
  }

  private await(): void {
    const isAwaited = this.queue.length > 0;
    if (isAwaited === this.isAwaited) return;
    this.isAwaited = isAwaited;
    this.link.awaited?.(isAwaited);
  }

  private get count(): number {
    return this.messages.length - this.taken;
  }

  private get isOver(): boolean {
    return this.hasEnded || this.failure !== undefined;
  }

  private give({ pending, take, looks }: Entry<unknown>): void {
    const message = this.messages[this.taken];
    if (!looks) this.drop();
    try {
      pending.resolve(take(message));
    } catch (error) {
      if (!(error instanceof Stays)) return pending.reject(error);
      this.putBack([message]);
      pending.reject(error.why);
    }
  }

  private drop(): void {
    this.bytes -= this.messages[this.taken].length + EACH;
    if (++this.taken < this.messages.length) {
      // a receiver that is always a little behind would hold all that it ever got
      if (this.taken < TAKEN || this.taken * 2 < this.messages.length) return;
      this.messages = this.messages.slice(this.taken);
    } else this.messages = [];
    this.taken = 0;
  }

  private withdraw(entry: Entry<unknown>): void {
    const index = this.queue.indexOf(entry);
    if (index >= 0) this.queue.splice(index, 1);
    this.settled(); // with nobody waiting it is read ahead less
  }

  private endOfFile(): EOFError {
    const { kept } = this.link;
    const inside = kept > 0 ? ` (after ${kept} bytes of a message, which is void)` : "";
    return new EOFError(`recv, and nothing is left to read: the other end is closed or its process dead${inside}`);
  }
}
