import { startTimer, type WaitOptions } from "../deadline.js";
import { BrokenPipeError, UsageError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import type { Frame, Link } from "./link.js";

/** A message that can be given up goes in parts of so many bytes. */
const PART_BYTES = 64 * 1024;
/** Messages that wait are written together, up to about so many bytes. */
const TOGETHER_BYTES = 256 * 1024;

/** Instead of how much was written: the cancel was. */
const CANCELLED = -1;
/** The message's parts have not begun. */
const FRESH = -2;

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
 */
export class Sending {
  private queue: Entry[] = [];
  private writing: readonly Entry[] = [];
  private isBroken = false;
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

  send(payload: Uint8Array, value: unknown, operation: string, options: WaitOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const canEnd = options.timeout !== undefined || options.signal !== undefined;
    if (!canEnd || !this.link.parts) return this.sendAll([payload], value, operation, options);
    this.check(payload, operation);
    return this.enqueue(payload.slice(), [], payload.length, value, operation, options);
  }

  /** Sends several as one: they go together, and are given up together unless their write has begun. */
  sendAll(
    payloads: readonly Uint8Array[],
    value: unknown,
    operation: string,
    options: WaitOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    let bytes = 0;
    const frames = payloads.map((payload) => {
      this.check(payload, operation);
      bytes += payload.length;
      return this.link.frame(payload);
    });
    return this.enqueue(undefined, frames, bytes, value, operation, options);
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
    options: WaitOptions,
  ): Promise<void> {
    if (this.isBroken) throw this.why ?? brokenPipe(operation, value);
    const { maxWaiting } = this.limits;
    if (this.queue.length >= maxWaiting)
      throw new UsageError(`${operation} while ${this.queue.length} others wait; at most ${maxWaiting} (maxWaiting)`, {
        undelivered: value,
      });
    const entry: Entry = {
      payload,
      frames,
      bytes,
      value,
      written: FRESH,
      isGivenUp: false,
      pending: new PendingCall<void>(operation, options, () => this.giveUp(entry), value),
    };
    this.queue.push(entry);
    this.write();
    return entry.pending.promise;
  }

  private write(): void {
    this.onWaiting();
    const { queue, link } = this;
    if (this.writing.length > 0 || queue.length === 0 || this.isBroken) return;
    const [first] = queue;
    if (first.payload) {
      this.writing = [first];
      this.watchPeer();
      link.write(this.nextPart(first, first.payload), (error) => this.partWritten(first, error));
      return;
    }
    let count = 0;
    for (let bytes = 0; count < queue.length && !queue[count].payload && (count === 0 || bytes < TOGETHER_BYTES); )
      bytes += queue[count++].bytes;
    const entries = queue.splice(0, count);
    this.writing = entries;
    this.watchPeer();
    const frames = entries.length === 1 ? first.frames : entries.flatMap((one) => one.frames);
    if (frames.length === 0) return this.wholeWritten(entries); // no messages at all, in their turn
    link.write(frames, (error) => (error ? this.broken() : this.wholeWritten(entries)));
  }

  private wholeWritten(entries: readonly Entry[]): void {
    clearTimeout(this.slowTimer);
    if (this.isBroken) return;
    this.writing = [];
    for (const { pending } of entries) pending.resolve();
    this.write();
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

  private partWritten(entry: Entry, error: Error | null | undefined): void {
    clearTimeout(this.slowTimer);
    if (error) return this.broken();
    if (this.isBroken || this.queue[0] !== entry) return;
    this.writing = [];
    const { payload, written } = entry;
    const total = (payload as Uint8Array).length;
    if (entry.isGivenUp) {
      if (written === CANCELLED) this.queue.shift();
      else entry.written = CANCELLED; // its cancel is written next
    } else if (written >= total || (total === 0 && written === FRESH)) {
      this.queue.shift();
      entry.pending.resolve();
    } else entry.written = Math.min(Math.max(written, 0) + PART_BYTES, total);
    this.write();
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
