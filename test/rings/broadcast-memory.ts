import assert from "node:assert/strict";
import { Bytes } from "#src/memory/bytes.js";
import { Words } from "#src/memory/words.js";
import { type BroadcastMessage, BroadcastReader } from "#src/rings/broadcast-reader.js";
import { BroadcastRing, bodyOffset, type Dropped, sequenceAt, unitsOf } from "#src/rings/broadcast-ring.js";
import { broadcastHead, broadcastRecord, ERA_SHIFT, KEY_SHIFT, UNIT } from "#src/rings/broadcast-ring.layout.js";
import type { AccessGate } from "./access-gate.js";
import { SeededRandom } from "./seeded-random.js";
import { StoppingBytes } from "./stopping-bytes.js";
import { StoppingWords } from "./stopping-words.js";

const HEAD = 4;
const CURSORS = HEAD + broadcastHead.bytes / 4;
const GUARD = 64;
/** Readers of a ring. */
export const MOST_READERS = 4;
/** A flag that tells the readers of these tests to leave a message in the ring. */
export const LASTS = 1 << 10;

/** Where a ring begins its life; all of it has been around for long. */
export interface Beginning {
  readonly position: number;
  /** How often the head has gone through 2^32 units before. */
  readonly rounds?: number;
  readonly sequence?: number;
}

export interface Published {
  readonly sequence: number;
  readonly position: number;
  readonly key: Uint8Array;
  readonly body: Uint8Array;
  readonly flags: number;
}

export type HeadWord = keyof typeof broadcastHead.word;

const noise = new SeededRandom(1).bytes(1 << 20);

/** The bytes of a message: other ones at each place than those of its neighbours. */
export function contentOf(number: number, length: number): Uint8Array {
  const from = (number * 7919) % (noise.length - length);
  return noise.subarray(from, from + length);
}

/** The memory of one broadcast ring, everything that was ever published in it, and what an outsider sees in it. */
export class BroadcastMemory {
  readonly control = new Int32Array(CURSORS + MOST_READERS);
  readonly published = new Map<number, Published>();
  readonly size: number;
  /** What the next message's number has to be. */
  nextSequence: number;
  private readonly array: Uint8Array;

  constructor(
    readonly units: number,
    { position, rounds = 0, sequence = 0 }: Beginning,
  ) {
    this.size = units * UNIT;
    this.nextSequence = sequence;
    this.array = new Uint8Array(this.size + GUARD).fill(0xa5);
    this.setHead("units", units);
    for (const name of ["head", "tail", "resume", "nextResume"] as const) this.setHead(name, position);
    this.setHead("era", rounds * 8 + (position >>> ERA_SHIFT));
    this.setHead("sequenceLow", sequence);
    this.setHead("sequenceHigh", Math.floor(sequence / 2 ** 32));
  }

  ring(gate?: AccessGate): BroadcastRing {
    return new BroadcastRing(this.place(gate));
  }

  /** A reader that begins behind the newest message. */
  reader(number: number, gate?: AccessGate): BroadcastReader {
    const reader = new BroadcastReader(this.place(gate), CURSORS + number, LASTS);
    reader.start(this.ring().sequence);
    return reader;
  }

  cursor(number: number): number {
    return this.control[CURSORS + number] >>> 0;
  }

  head(name: HeadWord): number {
    return this.control[HEAD + broadcastHead.word[name]] >>> 0;
  }

  setHead(name: HeadWord, value: number): void {
    this.control[HEAD + broadcastHead.word[name]] = value;
  }

  /** Publishes the next message; what is killed in there counts as published once the head has moved. */
  publish(length: number, keyBytes = 0, flags = 0, ring = this.ring(), dropped: Dropped = () => undefined): Published {
    const { nextSequence: sequence } = this;
    const position = this.head("head");
    const key = contentOf(sequence + 1_000_003, keyBytes);
    const message = { sequence, position, key, body: contentOf(sequence, length), flags };
    this.published.set(sequence, message); // a reader that comes in between may have it already
    try {
      ring.publish(key, message.body, length, flags, dropped);
    } finally {
      if (this.head("head") !== position) this.nextSequence++;
      else this.published.delete(sequence);
    }
    return message;
  }

  /** The messages that lie in the ring. */
  *there(): Generator<Omit<Published, "key">> {
    const bytes = new Bytes(this.array);
    const ring = this.ring();
    for (let position = this.head("tail"); position !== this.head("head"); ) {
      const start = (position % this.units) * UNIT;
      const flags = bytes.word(start + broadcastRecord.offset.flags);
      const keyBytes = flags >>> KEY_SHIFT;
      const length = bytes.word(start + broadcastRecord.offset.bytes);
      const units = unitsOf(keyBytes, length);
      assert.ok(units <= (this.head("head") - position) >>> 0, "a message is whole in the ring");
      const body = new Uint8Array(length);
      ring.read(start + broadcastRecord.bytes + bodyOffset(keyBytes), length, body);
      yield { sequence: sequenceAt(bytes, start), position, body, flags: flags & 0xffff };
      position = (position + units) >>> 0;
    }
  }

  /** Every message in the ring has the number after the one before it; the head's number comes next. */
  check(): void {
    const there = [...this.there()];
    there.forEach(({ sequence, position, body }, index) => {
      assert.equal(sequence, there[0].sequence + index, "numbers have no gap and no repetition");
      const message = this.published.get(sequence);
      assert.equal(message?.position, position, `message ${sequence} is where it was published`);
      assert.equal(Buffer.compare(body, message.body), 0, `message ${sequence} is whole`);
    });
    if (there.length > 0)
      assert.equal(this.ring().sequence, (there.at(-1) as Published).sequence + 1, "the next number");
    assert.ok((this.head("head") - this.head("tail")) >>> 0 <= this.units, "no more is there than the ring holds");
    const lead = (this.head("era") - (this.head("head") >>> ERA_SHIFT)) & 7;
    assert.ok(lead <= 1, `the era is ${lead} ahead of the head; allowed: 0, or 1 since a writer was killed`);
  }

  /** Units that the slowest reader has not read. */
  lag(...readers: number[]): number {
    return Math.max(0, ...readers.map((number) => (this.head("head") - this.cursor(number)) >>> 0));
  }

  /**
   * What writers make of a ring while somebody is away for long: it goes on by so many units, a multiple of its size, and
   * by so many messages; then as many real ones follow as it takes to write over all of it.
   */
  leap(units: number, messages: number): void {
    assert.equal(units % this.units, 0);
    const before = this.head("head");
    const sequence = this.nextSequence + messages;
    const crossed = Math.floor((before + units) / 2 ** ERA_SHIFT) - Math.floor(before / 2 ** ERA_SHIFT);
    for (const name of ["head", "tail", "resume", "nextResume"] as const) this.setHead(name, (before + units) | 0);
    this.setHead("era", this.head("era") + crossed);
    this.setHead("sequenceLow", sequence | 0);
    this.setHead("sequenceHigh", Math.floor(sequence / 2 ** 32));
    this.nextSequence = sequence;
    for (let left = this.units * 2; left > 0; left -= 8) this.publish(6 * UNIT, 5);
  }

  /** Nobody has written outside of the ring. */
  get isGuardWhole(): boolean {
    return this.array.subarray(this.size).every((byte) => byte === 0xa5);
  }

  setWord(offset: number, value: number): void {
    new Bytes(this.array).setWord(offset, value);
  }

  private place(gate?: AccessGate): ConstructorParameters<typeof BroadcastRing>[0] {
    const { control, array, size, units } = this;
    const words = gate ? new StoppingWords(control, gate) : new Words(control);
    const bytes = gate ? new StoppingBytes(array, gate, 0, size) : new Bytes(array);
    return { words, head: HEAD, bytes, units };
  }
}

/** Notes what a reader is given and told, and holds each message against what was published. */
export class BroadcastLog {
  readonly given: number[] = [];
  missed = 0;
  /** The number that the next message has if none is missed. */
  next: number;

  constructor(
    private readonly memory: BroadcastMemory,
    readonly reader: BroadcastReader,
  ) {
    this.next = memory.nextSequence;
  }

  /** Takes a message; false when none is there. */
  take(): boolean {
    let told = 0;
    const message = this.reader.next((count) => {
      assert.ok(count > 0, `${count} are missed`);
      told += count;
    });
    if (!message) {
      assert.equal(told, 0, "nothing is told without a message");
      return false;
    }
    this.receive(message, told);
    return true;
  }

  /** Takes whatever is there. */
  drain(): number {
    const before = this.given.length;
    for (let left = 100_000; this.take(); left--) assert.ok(left > 0, "messages come without end");
    return this.given.length - before;
  }

  private receive({ sequence, keyAt, keyBytes, at, length, flags }: BroadcastMessage, told: number): void {
    const { memory, reader } = this;
    const message = memory.published.get(sequence);
    assert.ok(message, `message ${sequence} was published`);
    assert.ok(sequence >= this.next, `message ${sequence} comes after ${this.next - 1}`);
    assert.equal(told, sequence - this.next, `missed before message ${sequence}`);
    const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
    assert.ok(same(reader.buffer.subarray(keyAt, keyAt + keyBytes), message.key), `the key of message ${sequence}`);
    assert.ok(same(reader.buffer.subarray(at, at + length), message.body), `message ${sequence} is whole`);
    assert.equal(flags & 0xffff, message.flags, `the flags of message ${sequence}`);
    this.next = sequence + 1;
    this.missed += told;
    this.given.push(sequence);
    if ((flags & LASTS) !== 0) reader.pass();
  }
}
