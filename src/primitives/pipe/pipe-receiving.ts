import { StructuredDecoder } from "../../codec.js";
import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import { EOFError, UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { copyOf } from "../../memory/copy-of.js";
import { MessageReader } from "../../rings/message-reader.js";
import { wantedWord } from "../../rings/message-writer.js";
import { FORMATS } from "../../rings/record-ring.layout.js";
import { looksBriefly } from "../../sync/look-briefly.js";
import { Pending } from "../../sync/pending.js";
import type { Wait } from "../../sync/wait.js";
import { unpackHandles } from "../handle.js";
import type { PipeLink } from "./pipe-link.js";

const decoder = new StructuredDecoder();

/** How often one attempt goes on with the pieces of a long message before others have their turn. */
const MOST_STEPS = 128;

interface Entry<T> {
  readonly pending: Pending<T>;
  /** Takes what it came for from the found message. */
  readonly take: () => T;
  /** Answers at the end of file instead of rejecting. */
  readonly atEnd: (() => T) | undefined;
}

/** The receiving half of a pipe's end: records into values, to the calls in their order. */
export class PipeReceiving implements Wait {
  readonly reader: MessageReader;
  private readonly queue: Entry<unknown>[] = [];
  private readonly wantedWord: number;
  private armed = false;
  private leased = false;
  private owesWake = false;
  /** Why the found message, which was met behind others, cannot be decoded. What came with it was taken out of it then. */
  private failure: { readonly error: unknown } | undefined;
  holdsLoop = true;
  moved = 0;

  constructor(
    private readonly link: PipeLink,
    maxMessage: number,
    private readonly folder: () => string,
    /** The other side broke the protocol: nothing more can be believed of this pipe. */
    private readonly onBroken: (error: unknown) => void,
  ) {
    const place = link.place(1 - link.end);
    this.reader = new MessageReader(place, maxMessage);
    this.wantedWord = wantedWord(place.control);
  }

  get isIdle(): boolean {
    return this.queue.length === 0 && !this.leased;
  }

  /** Whether {@link take}ing now would not wait. */
  get isReady(): boolean {
    return this.isIdle && this.next();
  }

  /** Whether a receive would not wait, once those that wait already have had their turn. */
  get wouldNotWait(): boolean {
    if (!this.isIdle && (this.leased || !this.serve())) return false;
    return this.next() || this.isAtEnd;
  }

  /**
   * Finds the next message. Room made by taking pieces in is told like any other, and while the writer keeps pace the
   * next pieces are taken in the same turn.
   */
  private next(): boolean {
    try {
      return this.find();
    } catch (error) {
      this.onBroken(error);
      throw error;
    }
  }

  private find(): boolean {
    const { reader } = this;
    if (reader.next()) return true;
    for (let steps = 0; reader.tookPieces; steps++) {
      reader.tookPieces = false;
      this.moved = (this.moved + 1) | 0;
      this.gaveSpace();
      if (steps > MOST_STEPS || !looksBriefly(() => reader.ring.look())) return false;
      if (reader.next()) break;
    }
    if (!reader.isFound) return false;
    reader.tookPieces = false;
    return true;
  }

  /** Calls `take` once a message is found. `atEnd` answers at the end of file, which is an EOFError otherwise. */
  receive<T>(take: () => T, operation: string, options: WaitOptions | undefined, atEnd?: () => T): Promise<T> {
    options?.signal?.throwIfAborted();
    if (this.isIdle) {
      if (this.next()) {
        const value = take();
        return turnIsDue() ? nextTurn().then(() => value) : Promise.resolve(value);
      }
      if (this.isAtEnd) return Promise.resolve(this.endOf(atEnd));
    }
    this.settleDebt();
    const entry: Entry<T> = {
      take,
      atEnd,
      pending: new Pending<T>(operation, options ?? {}, () => this.withdraw(entry)),
    };
    this.queue.push(entry as Entry<unknown>);
    if (!this.leased) this.link.parker.start(this);
    return entry.pending.promise;
  }

  receiveSync<T>(take: () => T, operation: string, options: SyncWaitOptions | undefined, atEnd?: () => T): T {
    if (this.isIdle && this.next()) return take();
    const deadline = deadlineOf(options?.timeout, operation);
    if (this.leased) throw this.whileLeased(operation);
    const ready = (): boolean => {
      if (this.serve() && (this.next() || this.isAtEnd)) return true;
      this.settleDebt();
      return false;
    };
    if (!ready()) {
      this.requireOthers(operation);
      if (!this.link.parker.waitSync([this.readyWait(ready)], deadline)) throw timedOut(operation, options?.timeout);
    }
    return this.next() ? take() : this.endOf(atEnd);
  }

  /** @throws UsageError when this very thread has the other end, so that nobody could send while it is blocked */
  requireOthers(operation: string): void {
    if (this.link.isPeerHere)
      throw new UsageError(
        `${operation} on a pipe that is empty and whose other end this very thread holds: nobody could send`,
      );
  }

  /** Calls `take` if a message is there; undefined if none is. */
  tryReceive<T>(take: () => T, operation: string): T | undefined {
    if (!this.isIdle) {
      if (this.leased) throw this.whileLeased(operation);
      if (!this.serve()) return undefined;
    }
    if (this.next()) return take();
    if (this.isAtEnd) return this.endOf(undefined);
    this.settleDebt();
    return undefined;
  }

  /** Takes the found message as a value. */
  readonly takeValue = (): unknown => {
    try {
      return this.decode();
    } finally {
      this.reader.finish();
      this.gaveSpace();
    }
  };

  /** Takes the found message as a step of an iteration. */
  readonly takeResult = (): IteratorResult<unknown> => ({ done: false, value: this.takeValue() });

  /**
   * Takes the found message and up to `max` - 1 more that are there; their room is given back at once. One that cannot be
   * decoded costs none of those before it: it stays, and the next receive fails with it.
   */
  takeMany(max: number): unknown[] {
    const { reader } = this;
    const values: unknown[] = [];
    try {
      do {
        try {
          values.push(this.decode());
        } catch (error) {
          if (values.length === 0) reader.skip();
          else this.failure = { error };
          throw error;
        }
        reader.skip();
      } while (values.length < max && this.next());
    } catch (error) {
      if (values.length === 0) throw error;
    } finally {
      reader.ring.release();
      this.gaveSpace();
    }
    return values;
  }

  private decode(): unknown {
    const { reader, failure } = this;
    this.failure = undefined;
    if (failure) throw failure.error;
    if (reader.format === FORMATS.bytes) return copyOf(reader.bytes, reader.start, reader.end);
    if (reader.hasHandles) return unpackHandles(reader.bytes.slice(reader.start, reader.end), this.folder());
    const value = decoder.decode(reader.bytes, reader.start, reader.end);
    reader.spare();
    return value;
  }

  /** Takes the found message as bytes, however long it is. */
  readonly takeWhole = (): Uint8Array => this.takeBytes("recvBytes()", undefined);

  /** Takes the found message as bytes of the caller's own. */
  takeBytes(operation: string, maxLength: number | undefined): Uint8Array {
    const { reader } = this;
    this.requireBytes(operation);
    const length = reader.end - reader.start;
    if (maxLength !== undefined && length > maxLength)
      throw new UsageError(
        `${operation} of a message of ${length} bytes; at most ${maxLength} (maxLength); it is still there`,
      );
    const bytes = reader.inRing
      ? copyOf(reader.bytes, reader.start, reader.end)
      : asPlain(reader.bytes.subarray(0, reader.end));
    reader.finish();
    this.gaveSpace();
    return bytes;
  }

  /** Copies the found message into a buffer. */
  takeInto(target: Uint8Array, operation: string): number {
    const { reader } = this;
    this.requireBytes(operation);
    const length = reader.end - reader.start;
    if (length > target.length) {
      const undelivered = this.takeBytes(operation, undefined);
      throw new UsageError(
        `${operation} of a message of ${length} bytes into room for ${target.length}; error.undelivered has it`,
        {
          undelivered,
        },
      );
    }
    if (reader.bytes !== target) target.set(reader.bytes.subarray(reader.start, reader.end));
    reader.finish();
    this.gaveSpace();
    return length;
  }

  /** Shows the found message where it lies, until `release`; nothing else is received meanwhile. */
  takeLease(operation: string): { bytes: Uint8Array; release(): void } {
    this.requireBytes(operation);
    const { reader } = this;
    this.leased = true;
    return {
      bytes: reader.bytes.subarray(reader.start, reader.end),
      release: () => {
        this.leased = false;
        reader.finish();
        this.gaveSpace();
        if (this.queue.length > 0) this.link.parker.start(this);
      },
    };
  }

  /** Ends every call that waits: the end is closed or handed over. */
  rejectAll(error: () => Error): void {
    this.link.parker.stop(this);
    for (const { pending } of this.queue.splice(0)) pending.reject(error());
  }

  attempt(): boolean {
    return this.serve();
  }

  arm(): void {
    this.armed = true;
    this.link.arm(false);
  }

  disarm(): void {
    if (!this.armed) return;
    this.armed = false;
    this.link.disarm(false);
  }

  recheck(): void {
    this.link.lookAtPeer();
  }

  peers(): readonly number[] {
    return this.link.peers();
  }

  /** Nothing left to read, and nobody there to send. What was published before the end came is seen first. */
  get isAtEnd(): boolean {
    return this.link.isPeerGone && !this.next();
  }

  /** Answers waiting calls in order as far as messages are there; true when none waits any more. */
  private serve(): boolean {
    try {
      return this.serveAll();
    } catch (error) {
      for (const { pending } of this.queue.splice(0)) pending.reject(error);
      return true;
    }
  }

  private serveAll(): boolean {
    const { queue } = this;
    while (queue.length > 0) {
      if (this.leased) return true;
      if (!this.next()) {
        if (!this.isAtEnd) {
          this.settleDebt();
          return false;
        }
        for (const { pending, atEnd } of queue.splice(0)) {
          if (atEnd) pending.resolve(atEnd());
          else pending.reject(endOfFile());
        }
        return true;
      }
      const { pending, take } = queue.shift() as Entry<unknown>;
      try {
        pending.resolve(take());
      } catch (error) {
        pending.reject(error);
      }
    }
    return true;
  }

  /** A wait in which `attempt` looks. */
  readyWait(attempt: () => boolean): Wait {
    const half = this;
    return {
      attempt,
      arm: () => half.arm(),
      disarm: () => half.disarm(),
      recheck: () => half.recheck(),
      peers: () => half.peers(),
      holdsLoop: true,
      get moved() {
        return half.moved;
      },
    };
  }

  private endOf<T>(atEnd: (() => T) | undefined): T {
    if (atEnd) return atEnd();
    throw endOfFile();
  }

  private requireBytes(operation: string): void {
    if (this.reader.format !== FORMATS.bytes)
      throw new UsageError(
        `${operation}, and the next message is a value that was sent by send(): recv() takes it; it is still there`,
      );
  }

  private whileLeased(operation: string): UsageError {
    return new UsageError(`${operation} while a lease of the message before is open: release() it first`);
  }

  /**
   * Wakes a writer that waits for room, but not for every few bytes: for half a ring, an empty one, or what is left
   * when this side stops reading. A reader that just stops calling leaves the writer to its bounded sleep.
   */
  private gaveSpace(): void {
    const { link, reader } = this;
    if (!link.isWriterWaiting) return;
    const { free, capacity } = reader.ring;
    const wanted = link.segment.words.load(this.wantedWord);
    if (free >= capacity / 2 && free >= wanted) link.wakePeer();
    else if (!this.owesWake) {
      this.owesWake = true;
      setImmediate(() => this.settleDebt());
    }
  }

  private settleDebt(): void {
    if (!this.owesWake) return;
    this.owesWake = false;
    if (this.link.segment.isMapped && this.link.isWriterWaiting) this.link.wakePeer();
  }

  private withdraw(entry: Entry<never> | Entry<unknown>): void {
    const index = this.queue.indexOf(entry as Entry<unknown>);
    if (index >= 0) this.queue.splice(index, 1);
    if (this.queue.length === 0) this.link.parker.stop(this);
  }
}

function endOfFile(): EOFError {
  return new EOFError("recv, and nothing is left to read: the pipe's other end is closed or its process dead");
}

const asPlain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
