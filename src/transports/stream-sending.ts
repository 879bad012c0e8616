import type { Writable } from "node:stream";
import type { WaitOptions } from "../deadline.js";
import { BrokenPipeError, UsageError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import type { Framing } from "./framing.js";

/** A message that can be given up goes in parts of so many bytes. */
const PART_BYTES = 64 * 1024;
/** Messages that wait are written together, up to about so many bytes. */
const TOGETHER_BYTES = 256 * 1024;

/** Instead of how much was written: the cancel was. */
const CANCELLED = -1;

interface Entry {
  readonly payload: Uint8Array;
  /** The message as it goes out, where it goes whole. */
  readonly frame: Uint8Array | undefined;
  readonly pending: PendingCall<void>;
  readonly value: unknown;
  written: number;
  isGivenUp: boolean;
}

/**
 * The sending half of a connection over a stream: values into messages, in the order of the calls. One write is under way
 * at a time, and a send resolves once the system has taken its message: that is the back-pressure.
 */
export class StreamSending {
  private readonly queue: Entry[] = [];
  private writing: readonly Entry[] = [];
  private isBroken = false;

  constructor(
    private readonly stream: Writable,
    private readonly framing: Framing,
    private readonly maxMessage: number,
    private readonly onWaiting: () => void,
    /** A message that has begun was given up, and this framing cannot void it. */
    private readonly onCut: () => void,
  ) {
    stream.on("error", () => this.break());
    stream.once("close", () => this.break());
  }

  get isWaiting(): boolean {
    return this.queue.length > 0 || this.writing.length > 0;
  }

  send(payload: Uint8Array, value: unknown, operation: string, options: WaitOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (payload.length > this.maxMessage)
      throw new UsageError(`${operation} of ${payload.length} bytes; at most ${this.maxMessage} (maxMessage)`);
    const canEnd = options.timeout !== undefined || options.signal !== undefined;
    const inParts = canEnd && this.framing.parts !== undefined;
    const frame = inParts ? undefined : this.framing.frame(payload);
    if (this.isBroken) throw brokenPipe(operation, value);
    const entry: Entry = {
      payload: inParts ? payload.slice() : payload,
      frame,
      value,
      written: 0,
      isGivenUp: false,
      pending: new PendingCall<void>(operation, options, () => this.giveUp(entry), value),
    };
    this.queue.push(entry);
    this.write();
    return entry.pending.promise;
  }

  rejectAll(error: () => Error): void {
    for (const { pending } of [...this.writing, ...this.queue.splice(0)]) pending.reject(error());
    this.writing = [];
    this.isBroken = true;
    this.onWaiting();
  }

  private write(): void {
    this.onWaiting();
    if (this.writing.length > 0 || this.queue.length === 0 || this.isBroken) return;
    const [first] = this.queue;
    if (first.frame === undefined) {
      this.writing = [first];
      this.stream.write(this.nextPart(first), () => this.partWritten(first));
      return;
    }
    const frames: Uint8Array[] = [];
    const entries: Entry[] = [];
    for (let bytes = 0; this.queue[0]?.frame && (entries.length === 0 || bytes < TOGETHER_BYTES); ) {
      const entry = this.queue.shift() as Entry;
      entries.push(entry);
      frames.push(entry.frame as Uint8Array);
      bytes += (entry.frame as Uint8Array).length;
    }
    this.writing = entries;
    this.stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames), (error) => {
      if (error) return this.break();
      this.writing = [];
      for (const { pending } of entries) pending.resolve();
      this.write();
    });
  }

  private nextPart({ payload, written, isGivenUp, pending }: Entry): Uint8Array {
    const parts = this.framing.parts as NonNullable<Framing["parts"]>;
    if (isGivenUp) return parts.cancel;
    if (written < payload.length) return parts.part(payload.subarray(written, written + PART_BYTES));
    pending.hold(); // four bytes that nobody could take back
    return parts.commit;
  }

  private partWritten(entry: Entry): void {
    if (this.isBroken || this.queue[0] !== entry) return;
    this.writing = [];
    const { payload, written } = entry;
    if (entry.isGivenUp) {
      if (written === CANCELLED) this.queue.shift();
      else entry.written = CANCELLED; // its cancel is written next
    } else if (written >= payload.length) {
      this.queue.shift();
      entry.pending.resolve();
    } else entry.written = Math.min(written + PART_BYTES, payload.length);
    this.write();
  }

  private giveUp(entry: Entry): void {
    entry.isGivenUp = true;
    if (this.writing.includes(entry)) {
      if (entry.frame) this.onCut();
      return;
    }
    const index = this.queue.indexOf(entry);
    if (index >= 0 && entry.written === 0) this.queue.splice(index, 1);
    this.onWaiting();
  }

  private break(): void {
    if (this.isBroken) return;
    this.isBroken = true;
    for (const { pending, value } of [...this.writing, ...this.queue.splice(0)])
      pending.reject(brokenPipe("send()", value));
    this.writing = [];
    this.onWaiting();
  }
}

function brokenPipe(operation: string, undelivered: unknown): BrokenPipeError {
  return new BrokenPipeError(`${operation}, and the other end is closed or its process dead`, { undelivered });
}
