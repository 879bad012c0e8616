import { tmpdir } from "node:os";
import { Bytes } from "#src/memory/bytes.js";
import { Words } from "#src/memory/words.js";
import { addon, check, MAP_SHARED } from "#src/native/addon.js";
import type { RingPlace } from "#src/rings/record-ring.js";
import { RING_CONTROL_BYTES, RING_LINE, ringReaderLine, ringWriterLine } from "#src/rings/record-ring.layout.js";
import type { AccessGate } from "./access-gate.js";
import { StoppingBytes } from "./stopping-bytes.js";
import { StoppingWords } from "./stopping-words.js";

const PAGE = 4096;
const GUARD = 0xa5;
/** Word index of the ring's control words: not 0, so that a forgotten addition shows. */
const CONTROL = 8;

/** The smallest ring that a pipe can have. */
export const CAPACITY = 4096;

/** One ring as a pipe has it, mapped twice in a row, with a page before and a page behind that nobody may touch. */
export class RingMemory {
  readonly base = PAGE;
  readonly end = PAGE + 2 * CAPACITY;
  readonly tailWord = CONTROL + ringWriterLine.word.tail;
  readonly headWord = CONTROL + RING_LINE / 4 + ringReaderLine.word.head;
  readonly control = new Int32Array(CONTROL + RING_CONTROL_BYTES / 4);
  readonly array: Uint8Array;
  private readonly ring: Uint8Array;
  private readonly words = new Words(this.control);
  private readonly bytes: Bytes;

  constructor() {
    const native = addon();
    const folder = process.env.INTERPROC_DIR ?? tmpdir();
    const fd = check(native.tmpfile(folder, PAGE + CAPACITY + PAGE), "open", `a ring for tests in ${folder}`);
    const regions = [0, PAGE, PAGE, CAPACITY, PAGE, CAPACITY, PAGE + CAPACITY, PAGE];
    const mapped = native.map(fd, MAP_SHARED, -1, ...regions);
    native.close(fd);
    if (typeof mapped === "number") throw new Error(`a ring for tests cannot be mapped: ${mapped}`);
    this.array = new Uint8Array(mapped);
    this.array.fill(GUARD);
    this.ring = this.array.subarray(this.base, this.base + CAPACITY);
    this.bytes = new Bytes(this.array);
  }

  /** The ring, to be used freely or through a gate. */
  place(gate?: AccessGate): RingPlace {
    return {
      words: gate ? new StoppingWords(this.control, gate) : this.words,
      control: CONTROL,
      bytes: gate ? new StoppingBytes(this.array, gate, this.base, this.end) : this.bytes,
      base: this.base,
      capacity: CAPACITY,
    };
  }

  /** An empty ring whose next record begins at `position`, with bytes in it that nobody wrote. */
  restart(position: number): void {
    this.control.fill(0);
    this.control[this.tailWord] = position;
    this.control[this.headWord] = position;
    this.ring.fill(0xee);
  }

  get tail(): number {
    return this.control[this.tailWord];
  }

  get head(): number {
    return this.control[this.headWord];
  }

  get used(): number {
    return (this.tail - this.head) | 0;
  }

  /** Messages and bytes as writer and reader have counted them. */
  get counts(): { written: number; writtenBytes: number; read: number; readBytes: number } {
    const line = (bytes: number): Float64Array => new Float64Array(this.control.buffer, CONTROL * 4 + bytes, 2);
    const [written, writtenBytes] = line(ringWriterLine.offset.messages);
    const [read, readBytes] = line(RING_LINE + ringReaderLine.offset.messages);
    return { written, writtenBytes, read, readBytes };
  }

  save(): { control: Int32Array; ring: Uint8Array } {
    return { control: this.control.slice(), ring: this.ring.slice() };
  }

  restore({ control, ring }: { control: Int32Array; ring: Uint8Array }): void {
    this.control.set(control);
    this.ring.set(ring);
  }

  /** Whether nobody has written outside of the ring. */
  get isGuardWhole(): boolean {
    const { array, base, end } = this;
    return array.subarray(0, base).every(isGuard) && array.subarray(end).every(isGuard);
  }
}

const isGuard = (byte: number): boolean => byte === GUARD;
