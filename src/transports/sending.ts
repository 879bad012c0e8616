import { startTimer, type WaitOptions } from "../deadline.js";
import { BrokenPipeError, UsageError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import type { Frame, Link, Outgoing } from "./link.js";

/** A message that can be given up goes in parts of so many bytes. */
const PART_BYTES = 64 * 1024;
/** Messages that wait are written together, up to about so many bytes. */
const TOGETHER_BYTES = 256 * 1024;

/** Instead of how much was written: the cancel was. */
const CANCELLED = -1;
/** The message's parts have not begun. */
const FRESH = -2;

const TURN = Promise.resolve();

interface Entry {
  /** A message that goes in parts. */
  readonly payload: Uint8Array | undefined;
  /** The messages as they go out, where they go whole. */
  readonly frames: readonly Frame[];
  readonly bytes: number;
  readonly pending: PendingCall<void>;
  readonly value: unknown;
  written: number;
  isGivenUp: boolean;
}

export interface SendingLimits {
  readonly maxMessage: number;
  /** So many calls may wait to be sent. */
  readonly maxWaiting: number;
  /** A peer that takes nothing for so many milliseconds is given up. */
  readonly slowPeerTimeout: number;
}

/**
 * The sending half of a connection over a link: messages in the order of the calls. One write is under way at a time, and
 * a send resolves once the system has taken its message: that is the back-pressure.
 *
 * A send that finds nothing under way is written within the call. Those that follow it before any other code has run are
 * made one write together: who sends without awaiting, or answers many at once, does not pay for a write each.
 */
export class Sending {
  private queue: Entry[] = [];
  private writing: readonly Entry[] = [];
  private isBroken = false;
  /** Something was written within a call, and the code that was due then has not run yet. */
  private isGathering = false;
  private why: Error | undefined;
  private slowTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly link: Link,
    private readonly limits: SendingLimits,
    private readonly onWaiting: () => void,
    /** A message that has begun was given up, and this link cannot void it. */
    private readonly onCut: () => void,
  ) {}

  get hasBroken(): boolean {
    return this.isBroken;
  }

  get isWaiting(): boolean {
    return this.queue.length > 0 || this.writing.length > 0;
  }

  /** A message has begun, and its end is not with the system. */
  get isInsideMessage(): boolean {
    return this.writing.length > 0 || (this.queue.length > 0 && this.queue[0].written !== FRESH);
  }

  /** Sends one message. Undefined when the system has it already, and nothing is to be waited for. */
  send(payload: Uint8Array, value: unknown, operation: string, options?: WaitOptions): Promise<void> | undefined {
    options?.signal?.throwIfAborted();
    const canEnd = options?.timeout !== undefined || options?.signal !== undefined;
    if (canEnd && this.link.parts) {
      this.check(payload, operation);
      return this.enqueue(payload.slice(), [], payload.length, value, operation, options);
    }
    const outgoing = this.outgoing();
    this.add(outgoing, payload, operation);
    return this.sendAll(outgoing, value, operation, options);
  }

  /** Messages that are to go as one, for `add` and `sendAll`. */
  outgoing(): Outgoing {
    return this.link.outgoing(this.isIdle);
  }

  /** @throws UsageError for a message that cannot be sent */
  add(outgoing: Outgoing, payload: Uint8Array, operation: string): void {
    this.check(payload, operation);
    outgoing.add(payload);
  }

  /** Sends several as one: they go together, and are given up together unless their write has begun. */
  sendAll(outgoing: Outgoing, value: unknown, operation: string, options?: WaitOptions): Promise<void> | undefined {
    options?.signal?.throwIfAborted();
    const { bytes } = outgoing;
    if (!this.isIdle || options?.timeout !== undefined || options?.signal !== undefined)
      return this.enqueue(undefined, outgoing.keep(), bytes, value, operation, options);
    const frames = outgoing.frames();
    if (frames.length === 0) return undefined;
    if (this.link.write(frames, this.onWritten)) {
      outgoing.leave();
      this.isGathering = true;
      void TURN.then(this.gathered);
      return undefined;
    }
    const entry = this.entry(undefined, frames, bytes, value, operation, options);
    this.writing = [entry];
    this.watchPeer();
    this.onWaiting();
    return entry.pending.promise;
  }

  rejectAll(error: () => Error): void {
    const { writing, queue } = this;
    this.writing = [];
    this.queue = [];
    this.isBroken = true;
    clearTimeout(this.slowTimer);
    for (const { pending } of [...writing, ...queue]) pending.reject(error());
    this.onWaiting();
  }

  /** Nothing more can be sent; `why` where it is not just that the peer is gone. */
  broken(why?: Error): void {
    if (this.isBroken) return;
    this.why = why;
    const { writing, queue } = this;
    this.writing = [];
    this.queue = [];
    this.isBroken = true;
    clearTimeout(this.slowTimer);
    for (const { pending, value } of [...writing, ...queue]) pending.reject(why ?? brokenPipe("send()", value));
    this.onWaiting();
  }

  /** What is sent now can go at once. */
  private get isIdle(): boolean {
    return this.queue.length === 0 && this.writing.length === 0 && !this.isGathering && !this.isBroken;
  }

  private check({ length }: Uint8Array, operation: string): void {
    const { maxMessage } = this.limits;
    if (length > maxMessage)
      throw new UsageError(`${operation} of ${length} bytes; at most ${maxMessage} (maxMessage)`);
  }

  private enqueue(
    payload: Uint8Array | undefined,
    frames: readonly Frame[],
    bytes: number,
    value: unknown,
    operation: string,
    options?: WaitOptions,
  ): Promise<void> {
    if (this.isBroken) throw this.why ?? brokenPipe(operation, value);
    const { maxWaiting } = this.limits;
    if (this.queue.length >= maxWaiting)
      throw new UsageError(`${operation} while ${this.queue.length} others wait; at most ${maxWaiting} (maxWaiting)`, {
        undelivered: value,
      });
    const entry = this.entry(payload, frames, bytes, value, operation, options);
    this.queue.push(entry);
    if (this.isGathering) this.onWaiting();
    else this.write();
    return entry.pending.promise;
  }

  private entry(
    payload: Uint8Array | undefined,
    frames: readonly Frame[],
    bytes: number,
    value: unknown,
    operation: string,
    options: WaitOptions = {},
  ): Entry {
    const entry: Entry = {
      payload,
      frames,
      bytes,
      value,
      written: FRESH,
      isGivenUp: false,
      pending: new PendingCall<void>(operation, options, () => this.giveUp(entry), value),
    };
    return entry;
  }

  private readonly gathered = (): void => {
    this.isGathering = false;
    if (this.queue.length > 0) this.write();
  };

  private write(): void {
    const { queue, link } = this;
    while (this.writing.length === 0 && queue.length > 0 && !this.isBroken) {
      const [first] = queue;
      if (first.payload) {
        this.writing = [first];
        if (!link.write(this.nextPart(first, first.payload), this.onWritten)) this.watchPeer();
        else this.partWritten(first, first.payload);
        continue;
      }
      let count = 0;
      for (let bytes = 0; count < queue.length && !queue[count].payload && (count === 0 || bytes < TOGETHER_BYTES); )
        bytes += queue[count++].bytes;
      this.writing = queue.splice(0, count);
      const frames = count === 1 ? first.frames : this.writing.flatMap((one) => one.frames);
      // no messages at all are done in their turn
      if (frames.length > 0 && !link.write(frames, this.onWritten)) this.watchPeer();
      else this.wholeWritten();
    }
    this.onWaiting();
  }

  private readonly onWritten = (error?: Error | null): void => {
    clearTimeout(this.slowTimer);
    if (error) return this.broken();
    if (this.isBroken) return;
    const [first] = this.writing;
    if (first.payload) this.partWritten(first, first.payload);
    else this.wholeWritten();
    this.write();
  };

  private wholeWritten(): void {
    const entries = this.writing;
    this.writing = [];
    for (const { pending } of entries) pending.resolve();
  }

  private nextPart({ written, isGivenUp, pending }: Entry, payload: Uint8Array): Frame[] {
    const parts = this.link.parts as NonNullable<Link["parts"]>;
    if (isGivenUp) return [parts.cancel];
    const from = Math.max(written, 0);
    const frames: Frame[] = [];
    if (written === FRESH && parts.begin !== undefined) frames.push(parts.begin);
    if (from < payload.length) frames.push(parts.part(payload.subarray(from, from + PART_BYTES)));
    else {
      pending.hold(); // a few bytes that nobody could take back
      frames.push(parts.commit);
    }
    return frames;
  }

  private partWritten(entry: Entry, payload: Uint8Array): void {
    this.writing = [];
    const { written } = entry;
    const total = payload.length;
    if (entry.isGivenUp) {
      if (written === CANCELLED) this.queue.shift();
      else entry.written = CANCELLED; // its cancel is written next
    } else if (written >= total || (total === 0 && written === FRESH)) {
      this.queue.shift();
      entry.pending.resolve();
    } else entry.written = Math.min(Math.max(written, 0) + PART_BYTES, total);
  }

  private giveUp(entry: Entry): void {
    entry.isGivenUp = true;
    if (this.writing.includes(entry)) {
      if (!entry.payload) this.onCut();
      return;
    }
    const index = this.queue.indexOf(entry);
    if (index >= 0 && entry.written === FRESH) this.queue.splice(index, 1);
    this.onWaiting();
  }

  /** A peer that takes nothing while something is under way to it must not hold memory for ever. */
  private watchPeer(): void {
    const { slowPeerTimeout } = this.limits;
    clearTimeout(this.slowTimer);
    this.slowTimer = startTimer(slowPeerTimeout, () => this.onCut());
    this.slowTimer?.unref?.();
  }
}

function brokenPipe(operation: string, undelivered: unknown): BrokenPipeError {
  return new BrokenPipeError(`${operation}, and the other end is closed or its process dead`, { undelivered });
}
