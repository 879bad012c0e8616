import { StructuredEncoder } from "../../codec.js";
import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import { BrokenPipeError, UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { spareMemory } from "../../memory/spare-memory.js";
import { MessageWriter } from "../../rings/message-writer.js";
import { FORMATS, HANDLES } from "../../rings/record-ring.layout.js";
import { looksBriefly } from "../../sync/look-briefly.js";
import { Pending } from "../../sync/pending.js";
import type { Wait } from "../../sync/wait.js";
import { packHandles } from "../handle.js";
import type { PipeLink } from "./pipe-link.js";
import { type PipeMessage, pipeMessage, snapshotOfRest } from "./pipe-message.js";
import { PipeRooms, type Room } from "./pipe-rooms.js";
import { isPlainBytes } from "./plain-bytes.js";

const encoder = new StructuredEncoder();
const DONE = Promise.resolve();
/** Below this much known room the reader's position is looked at again before a value is encoded in place. */
const LITTLE_ROOM = 512;
/** About how much of a long message one attempt writes before others have their turn. */
const STREAM_BYTES = 2 * 1024 * 1024;

/** The sending half of a pipe's end: values into records, in the order of the calls. */
export class PipeSending implements Wait {
  private readonly writer: MessageWriter;
  private readonly array: Uint8Array;
  /** The longest payload that goes in one record. */
  private readonly wholeLimit: number;
  private readonly queue: PipeMessage[] = [];
  readonly rooms: PipeRooms;
  private armed = false;
  /** A claimed record lies open: nothing else can be written. */
  private claimed = false;
  holdsLoop = true;
  moved = 0;
  /** Called with each value that has handles in it before these go along; what it throws ends the call. */
  beforeHandles?: (value: unknown) => void;

  constructor(
    private readonly link: PipeLink,
    private readonly maxMessage: number,
    /** The carrier's folder for handles that go along. */
    private readonly folder: () => string,
    /** The other side broke the protocol: nothing more can be believed of this pipe. */
    private readonly onBroken: (error: unknown) => void,
  ) {
    this.rooms = new PipeRooms(link, this);
    const place = link.place(link.end);
    this.writer = new MessageWriter(place);
    this.array = place.bytes.array;
    this.wholeLimit = Math.min(this.writer.wholeLimit, maxMessage);
  }

  get isIdle(): boolean {
    return this.queue.length === 0 && !this.claimed;
  }

  /** Sends a value, or waits behind what was sent before. */
  send(value: unknown, options: WaitOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.isIdle && this.tryWhole(value, true)) return turnIsDue() ? nextTurn() : DONE;
    return this.begin(this.pack(value), "send()", options);
  }

  sendSync(value: unknown, options: SyncWaitOptions | undefined): void {
    if (this.isIdle && this.tryWhole(value)) return;
    const entry = this.pack(value);
    if (!this.goesAtOnce(entry)) this.block(snapshotOfRest(entry), "sendSync()", options);
  }

  trySend(value: unknown): boolean {
    if (!this.isIdle) return false;
    if (this.tryWhole(value)) return true;
    if (isPlainBytes(value)) return this.tryPush({ bytes: value, flags: FORMATS.bytes });
    const body = encoder.encode(value);
    if (encoder.handles.length === 0) return this.tryPush({ bytes: body, flags: FORMATS.structured });
    if (!this.writer.fits(body.length + 256 * encoder.handles.length)) return false;
    const entry = this.pack(value);
    if (this.writer.fits(entry.bytes.length) && this.pushWhole(entry)) return true;
    for (const one of entry.given) one.undo();
    return false;
  }

  sendBytes(bytes: Uint8Array, options: WaitOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    this.checkLength(bytes.length);
    if (this.isIdle && this.tryWholeBytes(bytes, true)) return turnIsDue() ? nextTurn() : DONE;
    return this.begin(pipeMessage(bytes, FORMATS.bytes, bytes, []), "sendBytes()", options);
  }

  sendBytesSync(bytes: Uint8Array, options: SyncWaitOptions | undefined): void {
    this.checkLength(bytes.length);
    if (this.isIdle && this.tryWholeBytes(bytes)) return;
    this.block(pipeMessage(bytes, FORMATS.bytes, bytes, []), "sendBytesSync()", options);
  }

  trySendBytes(bytes: Uint8Array): boolean {
    if (!this.isIdle) return false;
    this.checkLength(bytes.length);
    return this.tryWholeBytes(bytes) || this.tryPush({ bytes, flags: FORMATS.bytes });
  }

  /** Room for a record of `length` bytes, to be filled in place; undefined when there is none now. */
  tryClaim(length: number): { bytes: Uint8Array; commit(length: number): void; abort(): void } | undefined {
    if (!Number.isInteger(length) || length < 0 || length > this.writer.ring.capacity / 2)
      throw new UsageError(
        `claim() of ${length} bytes; allowed: 0 to ${this.writer.ring.capacity / 2}, half the ring's capacity`,
      );
    this.checkLength(length);
    if (!this.isIdle) return undefined;
    this.requirePeer(undefined);
    const offset = this.writer.reserve(length);
    if (offset < 0) return undefined;
    this.claimed = true;
    const end = (): void => {
      this.claimed = false;
      if (this.queue.length > 0) this.link.parker.start(this);
    };
    return {
      bytes: this.array.subarray(offset, offset + length),
      commit: (used) => {
        this.writer.commit(used, FORMATS.bytes);
        this.link.wakeReader();
        end();
      },
      abort: end,
    };
  }

  /** The wait for room of a claim: others' messages that go first and the peer's end of life are seen too. */
  roomFor(length: number): Room {
    const { link, writer } = this;
    return {
      isThere: () => this.isIdle && writer.reserve(length) >= 0,
      wait: (attempt) => ({
        attempt: () => link.isPeerGone || attempt(),
        arm: () => {
          writer.want(undefined, length);
          link.arm(true);
        },
        disarm: () => link.disarm(true),
        recheck: () => void link.lookAtPeer(),
        peers: () => link.peers(),
        holdsLoop: this.holdsLoop,
      }),
    };
  }

  /** Ends every call that waits: the end is closed or handed over. */
  rejectAll(error: () => Error): void {
    this.link.parker.stop(this);
    for (const entry of this.queue.splice(0)) this.drop(entry, error());
    this.rooms.rejectAll(error);
  }

  requirePeer(value: unknown): void {
    if (this.link.isPeerGone) throw this.broken(value);
  }

  attempt(): boolean {
    try {
      return this.flush();
    } catch (error) {
      this.onBroken(error);
      for (const entry of this.queue.splice(0)) this.drop(entry, error);
      return true;
    }
  }

  arm(): void {
    this.armed = true;
    this.writer.want(this.queue[0]);
    this.link.arm(true);
  }

  disarm(): void {
    if (!this.armed) return;
    this.armed = false;
    this.link.disarm(true);
  }

  recheck(): void {
    this.link.lookAtPeer();
  }

  peers(): readonly number[] {
    return this.link.peers();
  }

  /**
   * Stages values as long as they fit and shows them to the reader together. Gives the first result that was not sent:
   * one that did not fit, or the iterator's end.
   */
  tryMany<T>(iterator: Pick<Iterator<T>, "next">): IteratorResult<T, unknown> {
    const { ring } = this.writer;
    let staged = false;
    try {
      for (;;) {
        const next = iterator.next();
        if (next.done || !this.isIdle) return next;
        if (!staged) this.requirePeer(next.value);
        if (!this.stage(next.value)) return next;
        staged = true;
      }
    } finally {
      if (staged) {
        ring.publish();
        this.link.wakeReader();
      }
    }
  }

  /** Sends a value in one record, if it fits now. `ofMany`: the reader may be told together with what follows. */
  private tryWhole(value: unknown, ofMany = false): boolean {
    this.requirePeer(value);
    if (!this.stage(value)) return false;
    this.publish(ofMany);
    return true;
  }

  private tryWholeBytes(bytes: Uint8Array, ofMany = false): boolean {
    this.requirePeer(bytes);
    if (!this.stageBytes(bytes)) return false;
    this.publish(ofMany);
    return true;
  }

  private publish(ofMany: boolean): void {
    const { ring } = this.writer;
    ring.publish();
    if (ofMany) this.link.wakeReaderOfMany(ring);
    else this.link.wakeReader();
  }

  /** Encodes a value straight into the ring; false when it does not fit in one record now. */
  private stage(value: unknown): boolean {
    if (isPlainBytes(value)) return this.stageBytes(value);
    const { writer, wholeLimit } = this;
    const { ring } = writer;
    if (ring.room < LITTLE_ROOM) ring.look();
    for (;;) {
      const room = ring.room;
      if (room < 1) return false;
      const { offset } = ring;
      const end = encoder.encodeInto(value, this.array, offset, offset + Math.min(room, wholeLimit));
      if (end >= 0) {
        if (encoder.handles.length > 0) return false;
        writer.stage(end - offset, FORMATS.structured);
        return true;
      }
      if (room >= wholeLimit || !ring.look()) return false;
    }
  }

  private stageBytes(bytes: Uint8Array): boolean {
    const { writer } = this;
    const { length } = bytes;
    if (length > this.wholeLimit) return false;
    const offset = writer.reserve(length);
    if (offset < 0) return false;
    writer.fill(offset, bytes);
    writer.stage(length, FORMATS.bytes);
    return true;
  }

  private tryPush({ bytes, flags }: { bytes: Uint8Array; flags: number }): boolean {
    this.checkLength(bytes.length);
    if (!this.writer.fits(bytes.length)) return false;
    return this.pushWhole(pipeMessage(bytes, flags, bytes, []));
  }

  private pushWhole(entry: PipeMessage): boolean {
    if (!this.writer.push(entry)) return false;
    for (const one of entry.given) one.commit("the receiver");
    this.link.wakeReader();
    return true;
  }

  /** A value as a message. Unless it has handles, its bytes are lent, by the caller or the encoder. */
  private pack(value: unknown): PipeMessage {
    this.requirePeer(value);
    if (isPlainBytes(value)) {
      this.checkLength(value.length);
      return pipeMessage(value, FORMATS.bytes, value, []);
    }
    const bytes = encoder.encode(value);
    this.checkLength(bytes.length);
    if (encoder.handles.length === 0) return pipeMessage(bytes, FORMATS.structured, value, []);
    this.beforeHandles?.(value);
    const parcel = packHandles(value, this.folder);
    return pipeMessage(parcel.bytes, FORMATS.structured | HANDLES, value, parcel.given);
  }

  private checkLength(length: number): void {
    if (length > this.maxMessage)
      throw new UsageError(
        `send of ${length.toLocaleString("en")} bytes; at most ${this.maxMessage.toLocaleString("en")} (maxMessage)`,
      );
  }

  /** Sends a message whose bytes are lent: what goes at once from where it lies, the rest as a snapshot. */
  private begin(entry: PipeMessage, operation: string, options: WaitOptions | undefined): Promise<void> {
    if (this.goesAtOnce(entry)) return turnIsDue() ? nextTurn() : DONE;
    return this.enqueue(snapshotOfRest(entry), operation, options ?? {});
  }

  private goesAtOnce(entry: PipeMessage): boolean {
    return this.isIdle && !(entry.flags & HANDLES) && this.stream(entry);
  }

  private enqueue(entry: PipeMessage, operation: string, options: WaitOptions): Promise<void> {
    this.queue.push(entry);
    if (this.flush()) return turnIsDue() ? nextTurn() : DONE;
    const pending = new Pending<void>(operation, options, () => this.withdraw(entry), entry.value);
    entry.pending = pending;
    this.link.parker.start(this);
    return pending.promise;
  }

  private block(entry: PipeMessage, operation: string, options: SyncWaitOptions | undefined): void {
    const deadline = deadlineOf(options?.timeout, operation);
    this.queue.push(entry);
    try {
      if (this.flush()) return;
      this.requireOtherThread(operation);
      if (!this.link.parker.waitSync([this], deadline)) throw timedOut(operation, options?.timeout, entry.value);
      if (!entry.isDone) this.requirePeer(entry.value);
    } finally {
      if (!entry.isDone) this.withdraw(entry);
    }
  }

  requireOtherThread(operation: string): void {
    if (this.link.isPeerHere)
      throw new UsageError(
        `${operation} on a pipe that is full and whose other end this very thread holds: nobody could make room`,
      );
  }

  /** Writes what fits; true when nothing is left. */
  private flush(): boolean {
    const { queue, writer, link } = this;
    while (queue.length > 0) {
      if (this.claimed) return false;
      if (link.isPeerGone) {
        for (const entry of queue.splice(0)) this.drop(entry, this.broken(entry.value));
        return true;
      }
      const entry = queue[0];
      if (!this.stream(entry)) {
        if (this.armed) writer.want(entry);
        return false;
      }
      queue.shift();
      entry.isDone = true;
      if (entry.isSnapshot) spareMemory.give(entry.bytes);
      for (const one of entry.given) one.commit("the receiver");
      entry.pending?.resolve();
    }
    return true;
  }

  /**
   * Writes a message as far as it goes, and on while the reader keeps pace: a long message then takes one turn of the
   * event loop, not one for every ring full of it.
   */
  private stream(entry: PipeMessage): boolean {
    const { writer, link } = this;
    for (let most = entry.written + STREAM_BYTES; ; ) {
      const before = entry.written;
      const whole = writer.push(entry);
      if (!whole && entry.written === before) return false;
      this.moved = (this.moved + 1) | 0;
      link.wakeReader();
      if (whole || entry.written > most || !looksBriefly(() => writer.ring.look())) return whole;
    }
  }

  private broken(value: unknown): BrokenPipeError {
    return new BrokenPipeError("send, and the pipe's other end is closed or its process dead", { undelivered: value });
  }

  private withdraw(entry: PipeMessage): void {
    const index = this.queue.indexOf(entry);
    if (index < 0) return;
    this.queue.splice(index, 1);
    for (const one of entry.given) one.undo();
    if (this.queue.length === 0) this.link.parker.stop(this);
  }

  private drop(entry: PipeMessage, error: unknown): void {
    for (const one of entry.given) one.undo();
    entry.pending?.reject(error);
  }
}
