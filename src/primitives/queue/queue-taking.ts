import type { Carried } from "../../carried.js";
import { diagnostics, type GetEvent } from "../../diagnostics.js";
import { CodecError, SystemError } from "../../errors.js";
import { freshBytes } from "../../memory/copy-of.js";
import { HEADED } from "../../rings/item-store.layout.js";
import { FORMAT_MASK, FORMATS } from "../../rings/record-ring.layout.js";
import { dropLink } from "../flight.js";
import { headersIn } from "../headed.js";
import { closeObjects, decodeBody, decodePlain, linksOf, type Unpacked } from "../message-body.js";
import type { QueueCore } from "./queue-core.js";
import type { PutLetter } from "./queue-letters.js";
import { QueueMessage } from "./queue-message.js";
import { Taker } from "./queue-wait.js";

/** Flags of what stands for itself. */
const SHORT = FORMAT_MASK | HEADED;
const BATCH_BYTES = 64 * 1024;
/** Memory for longer items is not kept. */
const KEPT_BYTES = 1024 * 1024;

const { queueGet } = diagnostics;
const nothing = new Uint8Array(0);

let spare: Uint8Array | undefined;

/** Gives memory for items on their way out: a class that is decoded may be taking something itself. */
function withScratch<T>(bytes: number, use: (scratch: Uint8Array) => T): T {
  const scratch = spare && spare.length >= bytes ? spare : new Uint8Array(Math.max(bytes, BATCH_BYTES));
  spare = undefined;
  try {
    return use(scratch);
  } finally {
    if (scratch.length <= KEPT_BYTES) spare = scratch;
  }
}

/** A taken item for which there was no room among the dead letters yet. */
interface Aside {
  readonly item: number;
  readonly unpacked: Unpacked;
}

/** What one handle takes. */
export class QueueTaking {
  /** Takes by `take`, and gets. */
  readonly plain: Taker;
  private readonly unsettled = new Set<QueueMessage<unknown>>();
  private readonly aside: Aside[] = [];
  /** A message of a batch could not be decoded, and the caller was given the others. */
  private failed: unknown;
  private isClosed = false;
  private oneBuffer: Uint8Array = nothing;
  private oneLength = -1;
  private oneFormat = 0;
  /** Known only where somebody is told. */
  private oneDeliveries = 1;

  constructor(
    private readonly core: QueueCore,
    /** Throws a ClosedError unless the handle is open. */
    readonly requireOpen: (operation: string) => void,
    private readonly deadLetters: () => PutLetter | undefined,
  ) {
    this.plain = new Taker(core);
  }

  /** Takes and acknowledges the next message. @throws CodecError for one that cannot be decoded; it is dropped */
  tryGet(patient: boolean): { value: unknown } | undefined {
    if (this.aside.length > 0 || this.failed !== undefined) return this.getOne(patient);
    const buffer = spare ?? new Uint8Array(BATCH_BYTES);
    spare = undefined;
    try {
      this.oneLength = -1;
      this.oneBuffer = buffer;
      const long = this.core.takeMany(1, this.readOne, patient);
      if (long < 0) {
        if (this.oneLength < 0) return undefined;
        return { value: this.decodeShort(buffer, 0, this.oneLength, this.oneFormat, this.oneDeliveries) };
      }
      let value: unknown;
      const went = this.deliver(long, this.plain, (message) => {
        message.ack();
        ({ value } = message);
      });
      if (went === "given") return { value };
    } finally {
      spare = buffer;
    }
    return this.getOne(patient);
  }

  private getOne(patient: boolean): { value: unknown } | undefined {
    let found: { value: unknown } | undefined;
    this.getMany(
      1,
      (value) => {
        found = { value };
      },
      patient,
    );
    return found;
  }

  /** Takes and acknowledges up to `max` messages. Gives how many. */
  getMany(max: number, give: (value: unknown) => void, patient: boolean): number {
    this.buryAside();
    if (this.failed !== undefined) {
      const { failed } = this;
      this.failed = undefined;
      throw failed;
    }
    let count = 0;
    const giveOne = (value: unknown): void => {
      count++;
      give(value);
    };
    for (let went: Went | undefined = "buried"; went === "buried" && count === 0; ) {
      went = undefined;
      const long = this.getShort(max, giveOne, patient);
      try {
        if (long >= 0)
          went = this.deliver(long, this.plain, (message) => {
            message.ack();
            giveOne(message.value);
          });
      } catch (error) {
        this.failed ??= error;
      }
      if (this.failed !== undefined && count === 0) return this.getMany(max, give, patient);
    }
    return count;
  }

  /** Takes the next message without acknowledging it. */
  tryTake(taker: Taker, patient: boolean): QueueMessage<unknown> | undefined {
    this.buryAside();
    let found: QueueMessage<unknown> | undefined;
    for (;;) {
      const item = this.core.take(patient);
      if (item < 0) return undefined;
      const give = (message: QueueMessage<unknown>): void => {
        found = message;
      };
      if (this.deliver(item, taker, give) === "given") return found;
    }
  }

  /** Whether the next call will throw what a batch had left to it. */
  get owesError(): boolean {
    return this.failed !== undefined;
  }

  /** How many messages this handle has taken that only its own thread can settle. */
  get openMessages(): number {
    return this.unsettled.size;
  }

  /** A message is acknowledged. */
  ack(message: QueueMessage<unknown>): void {
    this.settle(message);
    this.finish(message.item, message.unpacked.links);
  }

  /** A message is given back or, without `requeue`, put to the dead letters. */
  nack(message: QueueMessage<unknown>, requeue: boolean): void {
    this.settle(message);
    const { item, unpacked } = message;
    if (requeue) return this.core.giveBack(item);
    try {
      this.bury(item, { ...unpacked, objects: [] }); // what the user has been given he closes himself
    } catch (error) {
      this.core.giveBack(item);
      throw error;
    }
  }

  /** Whether what was taken can still be settled. */
  get isOpen(): boolean {
    return !this.isClosed && this.core.holding.isAttached;
  }

  /** Gives everything back, so that the oldest is in front. */
  giveAllBack(): void {
    for (const message of [...this.unsettled].reverse()) message[Symbol.dispose]();
    for (const { item, unpacked } of this.aside.splice(0).reverse()) {
      this.core.giveBack(item);
      this.core.rest(-1);
      closeObjects(unpacked.objects);
    }
    this.isClosed = true;
  }

  private settle(message: QueueMessage<unknown>): void {
    this.unsettled.delete(message);
    message.taker.settled(message);
  }

  private finish(item: number, links: readonly string[]): void {
    this.core.finish(item);
    for (const link of links) dropLink(this.core.folder, link);
  }

  /** Takes one short message in: the way of most messages, without anything made for it. */
  private readonly readOne = (item: number, length: number): boolean => {
    const { store } = this.core;
    const format = store.flagsOf(item);
    if ((format & ~SHORT) !== 0 || this.isDead(item)) return false;
    if (queueGet.hasSubscribers) this.oneDeliveries = store.deliveriesOf(item);
    store.read(item, this.oneBuffer, 0);
    this.oneLength = length;
    this.oneFormat = format;
    return true;
  };

  /** Gets the next short messages; a longer one behind them is taken only: its item, or -1. */
  private getShort(max: number, give: (value: unknown) => void, patient: boolean): number {
    const { core } = this;
    return withScratch(BATCH_BYTES, (buffer) => {
      const ends: number[] = [];
      const flags: number[] = [];
      const deliveries: number[] = [];
      let at = 0;
      const read = (item: number, length: number): boolean => {
        const format = core.store.flagsOf(item);
        if (at + length > BATCH_BYTES || (format & ~SHORT) !== 0 || this.isDead(item)) return false;
        if (queueGet.hasSubscribers) deliveries.push(core.store.deliveriesOf(item));
        core.store.read(item, buffer, at);
        at += length;
        ends.push(at);
        flags.push(format);
        return true;
      };
      const long = core.takeMany(max, read, patient);
      for (let i = 0; i < ends.length; i++) {
        let value: unknown;
        try {
          value = this.decodeShort(buffer, i === 0 ? 0 : ends[i - 1], ends[i], flags[i], deliveries[i] ?? 1);
        } catch (error) {
          this.failed ??= error;
          continue;
        }
        give(value);
      }
      return long;
    });
  }

  /** Makes a message of a taken item, unless it was taken too often. */
  private deliver(item: number, taker: Taker, give: (message: QueueMessage<unknown>) => void): Went {
    const { core } = this;
    const { store } = core;
    const deliveries = store.deliveriesOf(item);
    const length = store.lengthOf(item);
    const flags = store.flagsOf(item);
    const unpacked = flags === FORMATS.bytes ? this.readBytes(item, length) : this.unpack(item, length, flags);
    if (this.isDead(item)) {
      try {
        this.bury(item, unpacked);
      } catch (error) {
        this.finish(item, unpacked.links); // it cannot be put anywhere
        closeObjects(unpacked.objects);
        throw error;
      }
      return "buried";
    }
    const message = new QueueMessage(unpacked, deliveries, item, this, taker);
    this.unsettled.add(message);
    taker.takes(message);
    if (queueGet.hasSubscribers) this.tell(deliveries, unpacked.headers);
    give(message);
    return "given";
  }

  /** Decodes what stands for itself, behind what went along if anything did, and tells of it. */
  private decodeShort(bytes: Uint8Array, from: number, to: number, flags: number, deliveries: number): unknown {
    if (flags <= FORMAT_MASK && !queueGet.hasSubscribers) return decodePlain(bytes, from, to, flags);
    const { headers, at } = (flags & HEADED) === 0 ? { headers: undefined, at: from } : headersIn(bytes, from, to);
    const value = decodePlain(bytes, at, to, flags & FORMAT_MASK);
    if (queueGet.hasSubscribers) this.tell(deliveries, headers);
    return value;
  }

  private tell(deliveries: number, headers: Carried = {}): void {
    const url = `shm:${this.core.holding.segment.name}`;
    queueGet.publish({ operation: "get()", url, id: undefined, deliveries, headers } satisfies GetEvent);
  }

  /** Bytes stand for themselves: they are copied once, to where their user has them. */
  private readBytes(item: number, length: number): Unpacked {
    const value = freshBytes(length);
    this.core.store.read(item, value, 0);
    return { value, links: [], objects: [] };
  }

  private unpack(item: number, length: number, flags: number): Unpacked {
    const { store, folder } = this.core;
    return withScratch(length, (buffer) => {
      store.read(item, buffer, 0);
      try {
        return decodeBody(buffer, 0, length, flags, folder);
      } catch (error) {
        this.undeliverable(item, buffer.slice(0, length), flags, error);
      }
    });
  }

  /** A message that cannot be decoded is dropped; one for which only memory or descriptors are short goes back. */
  private undeliverable(item: number, bytes: Uint8Array, flags: number, error: unknown): never {
    if (error instanceof SystemError && error.retryable) {
      this.core.giveBack(item);
      throw error;
    }
    this.finish(item, linksOf(bytes, flags, this.core.folder));
    throw error instanceof CodecError ? error : new CodecError("a message could not be taken", { cause: error });
  }

  private isDead(item: number): boolean {
    const { core } = this;
    return core.maxDeliveries > 0 && core.store.deliveriesOf(item) > core.maxDeliveries;
  }

  /** Puts a taken message to the dead letters, or drops it; without room there it is kept aside, and tried again. */
  private bury(item: number, unpacked: Unpacked): void {
    if (this.aside.length === 0 && this.tryBury(item, unpacked)) return;
    this.aside.push({ item, unpacked });
    this.core.rest(1);
  }

  /** Puts those to the dead letters for which there was no room. */
  buryAside(): void {
    while (this.aside.length > 0 && this.tryBury(this.aside[0].item, this.aside[0].unpacked)) {
      this.aside.shift();
      this.core.rest(-1);
    }
  }

  private tryBury(item: number, { value, links, objects, headers }: Unpacked): boolean {
    const letters = this.deadLetters();
    if (letters && !letters(value, headers)) return false;
    this.finish(item, links);
    closeObjects(objects);
    return true;
  }
}

type Went = "given" | "buried";
