import { HANDLE } from "../../codec.js";
import { ClosedError, MismatchError, UsageError } from "../../errors.js";
import { type Given, type Handing, registerKind } from "../handle.js";
import { show } from "./element-kinds.js";
import { PYTHON_FOLDER } from "./python-records.js";
import { checkPythonName, PythonMemory } from "./python-shared-memory.js";
import { type NewSlot, ShareableSlots } from "./shareable-slots.js";
import { checkRoom, type ShareableValue, type WrittenValue, writtenValue } from "./shareable-value.js";

/** A format has 8 characters, "9999992s" is the longest of a text. */
const MOST_ROOM = 9_999_992;

/** An element with what its slot is to be, where the value alone does not say it. */
export interface ShareableSlot {
  readonly value: ShareableValue;
  /** `true`: a number is a float, as whole as it may be. Default: whole numbers are ints. */
  readonly float?: boolean;
  /** Bytes for a string or Uint8Array, 8 to 9,999,992, rounded up to whole words; default as many as the value needs. */
  readonly room?: number;
}

/** How long a list lives. */
export interface ShareableListOptions {
  /** `true`: it lives until `unlink()`. Default: until the thread that made it ends, too. */
  persist?: boolean;
}

/**
 * Python's `multiprocessing.shared_memory.ShareableList`: a list of a fixed length in a block of shared memory, of
 * numbers, booleans, strings, bytes and null. Each side opens what the other made, of Python 3.8 and newer.
 *
 * A Python int is a number here, or a bigint beyond 2^53 - 1; a float is a number, bytes are a Uint8Array, None is null.
 * The other way round a whole number up to 2^53 - 1 is written as an int, any other number as a float, a bigint as an
 * int. A slot that is a float stays one when a number is set; `{ value: 1, float: true }` makes one.
 *
 * A string or Uint8Array has the room of its slot, which never grows: what it was made with, up to whole words of 8
 * bytes. The layout keeps no length: what ends in NUL comes back without it. Python loses such NULs, cuts strings that
 * are not ASCII, and destroys the old value when the new one does not fit; here all three are errors that change
 * nothing.
 *
 * Nothing waits and nothing is locked. A number is replaced in one store; whoever reads a slot while its kind or its
 * text changes may see a mix (Python's side, too): put a `Lock` beside it where that matters. Killed inside `set()`,
 * such a mix may stay in that one slot.
 *
 * How long the block lives and what Python's resource tracker does to it: see {@link SharedMemory} with `python: true`.
 *
 * @example
 * using list = new ShareableList(["howdy", 273, { value: 1, float: true }, true, null]);
 * list.set(1, 274);
 * console.log(list.toArray(), list.format);
 * list.unlink();
 */
export class ShareableList implements Iterable<ShareableValue>, Disposable, Handing {
  private readonly memory: PythonMemory;
  private readonly slots: ShareableSlots;

  /**
   * Makes a list under a name that Python would choose (`psm_…`).
   *
   * @throws CodecError for a value that the layout cannot keep; UsageError, SystemError
   */
  constructor(values: Iterable<ShareableValue | ShareableSlot>);
  /** @internal */
  constructor(memory: PythonMemory, slots: ShareableSlots);
  constructor(from: Iterable<ShareableValue | ShareableSlot> | PythonMemory, slots?: ShareableSlots) {
    this.memory = from instanceof PythonMemory ? from : make(undefined, from, {}, "new ShareableList()");
    this.slots = slots ?? (ShareableSlots.parse(this.memory.buffer) as ShareableSlots);
  }

  /**
   * Makes a list under a name, or under one of Python's kind when that is undefined. Nobody finds it before it is whole.
   *
   * @throws ExistsError when the name is taken
   * @throws CodecError for a value that the layout cannot keep; UsageError, SystemError
   */
  static create(
    name: string | undefined,
    values: Iterable<ShareableValue | ShareableSlot>,
    options: ShareableListOptions = {},
  ): ShareableList {
    const memory = make(name, values, options, "ShareableList.create()");
    return new ShareableList(memory, ShareableSlots.parse(memory.buffer) as ShareableSlots);
  }

  /**
   * Opens the list of that name, whoever made it.
   *
   * @throws NotFoundError when there is no such block
   * @throws MismatchError when what is in it is no list
   */
  static open(name: string): ShareableList {
    return over(PythonMemory.open(checkPythonName(name, "ShareableList.open()")));
  }

  /** The block's name, for Python's `ShareableList(name=…)`. */
  get name(): string {
    return this.memory.name;
  }

  /** How many elements; it never changes. */
  get length(): number {
    return this.slots.length;
  }

  get closed(): boolean {
    return this.memory.closed;
  }

  /** The formats of all elements' present values one behind the other, as Python's `format` has them. */
  get format(): string {
    this.requireOpen("format");
    return Array.from({ length: this.length }, (_, index) => this.slots.formatOf(index)).join("");
  }

  /**
   * The element now; a negative index counts from the end.
   *
   * @throws UsageError for an index that there is not; CodecError for one whose slot has no value that is known; ClosedError
   */
  get(index: number): ShareableValue {
    const operation = this.requireOpen(`get(${String(index)})`);
    return this.slots.read(this.check(index, operation), operation);
  }

  /** The same, and undefined for an index that there is not. @throws CodecError, ClosedError */
  at(index: number): ShareableValue | undefined {
    const operation = this.requireOpen(`at(${String(index)})`);
    const whole = Math.trunc(index) || 0;
    const place = whole < 0 ? whole + this.length : whole;
    return place >= 0 && place < this.length ? this.slots.read(place, operation) : undefined;
  }

  /**
   * Replaces an element; a negative index counts from the end. Whatever it throws, the old value is still there.
   *
   * @param options `float: true`: a number is a float, as whole as it may be
   * @throws UsageError for an index that there is not, and for a string or bytes that are longer than the slot's room
   * @throws CodecError for a value that the layout cannot keep: what ends in NUL, integers of more than 64 bits, other
   * types; ClosedError
   */
  set(index: number, value: ShareableValue, options: { float?: boolean } = {}): void {
    const operation = this.requireOpen(`set(${String(index)})`);
    const place = this.check(index, operation);
    const isFloat = options.float ?? (typeof value === "number" && this.slots.formatOf(place) === "d");
    this.slots.write(place, writtenValue(value, isFloat, operation), operation);
  }

  /** All elements now. @throws CodecError, ClosedError */
  toArray(): ShareableValue[] {
    return Array.from(this);
  }

  /** The elements, each as it is when the loop comes to it. @throws CodecError, ClosedError */
  *[Symbol.iterator](): IterableIterator<ShareableValue> {
    for (let index = 0; index < this.length; index++) yield this.get(index);
  }

  /**
   * The first index with that value, or -1. An int, a float and a bigint are equal when their numbers are, Uint8Arrays
   * when their bytes are; nothing equals NaN.
   *
   * @throws CodecError, ClosedError
   */
  indexOf(value: ShareableValue): number {
    this.requireOpen("indexOf()");
    for (let index = 0; index < this.length; index++) if (isSame(this.get(index), value)) return index;
    return -1;
  }

  /** How many elements have that value, as `indexOf` compares. @throws CodecError, ClosedError */
  count(value: ShareableValue): number {
    this.requireOpen("count()");
    return this.toArray().filter((element) => isSame(element, value)).length;
  }

  /** Gives this handle up; allowed twice. The list stays for others, and to be opened again, until `unlink()`. */
  close(): void {
    this.memory.close();
  }

  /**
   * Takes the name away: nobody finds it any more, and the block goes with the last who holds it. Also allowed after
   * `close()`.
   *
   * @throws NotFoundError when it has no name any more
   */
  unlink(): void {
    this.memory.unlink();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hands it over: the other process gets the same list, and this handle stays. */
  [HANDLE](folder: string): Given {
    const given = this.memory.give(folder);
    return { ...given, descriptor: { ...given.descriptor, kind: "shareable-list" } };
  }

  private check(index: number, operation: string): number {
    const { length } = this;
    if (!Number.isInteger(index) || index >= length || index < -length)
      throw new UsageError(`${operation}: there is no such element; allowed: ${-length} to ${length - 1}`);
    return index < 0 ? index + length : index;
  }

  private requireOpen(call: string): string {
    const operation = `ShareableList ${JSON.stringify(this.name)}: ${call}`;
    if (this.closed) throw new ClosedError(`${operation} after close()`, { resource: this.name });
    return operation;
  }
}

function make(
  name: string | undefined,
  values: Iterable<ShareableValue | ShareableSlot>,
  { persist = false }: ShareableListOptions,
  operation: string,
): PythonMemory {
  const pythonName = name === undefined ? undefined : checkPythonName(name, operation);
  if (typeof (values as Iterable<unknown> | null)?.[Symbol.iterator] !== "function" || typeof values === "string")
    throw new UsageError(`${operation} of ${show(values)}; allowed: an array, or another iterable, of values`);
  const slots = Array.from(values, (value, index) => newSlot(value, `${operation}: element ${index}`));
  const size = ShareableSlots.sizeFor(slots);
  const fill = (buffer: ArrayBuffer): void => ShareableSlots.fill(buffer, slots);
  return pythonName === undefined
    ? PythonMemory.createAnonymous(size, persist, fill)
    : PythonMemory.create(pythonName, size, persist, fill);
}

function newSlot(from: ShareableValue | ShareableSlot, operation: string): NewSlot {
  const isSlot = typeof from === "object" && from !== null && !(from instanceof Uint8Array) && "value" in from;
  const { value, float = false, room } = isSlot ? from : ({ value: from } as ShareableSlot);
  const written = writtenValue(value, float, operation);
  if (room !== undefined && !(Number.isInteger(room) && room >= 8 && room <= MOST_ROOM))
    throw new UsageError(
      `${operation}: room is ${String(room)}; allowed: 8 to ${MOST_ROOM.toLocaleString("en")} bytes`,
    );
  return { written, room: roomFor(written, room, operation) };
}

function roomFor(written: WrittenValue, room: number | undefined, operation: string): number {
  const isText = written.kind === "str" || written.kind === "bytes";
  if (room !== undefined) {
    const whole = Math.ceil(room / 8) * 8;
    if (isText) checkRoom(written.value.length, whole, operation);
    return whole;
  }
  if (!isText) return 8;
  checkRoom(written.value.length, MOST_ROOM - 1, operation);
  return 8 * (Math.floor(written.value.length / 8) + 1);
}

function over(memory: PythonMemory): ShareableList {
  const slots = ShareableSlots.parse(memory.buffer);
  if (typeof slots !== "string") return new ShareableList(memory, slots);
  memory.close();
  throw new MismatchError(
    `ShareableList ${JSON.stringify(memory.name)}: open, and the block in ${PYTHON_FOLDER} ${slots}`,
    { resource: memory.name },
  );
}

function isSame(one: ShareableValue, other: ShareableValue): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  const isNumeric = (value: ShareableValue): boolean => typeof value === "bigint" || typeof value === "number";
  if (typeof one === typeof other || !isNumeric(one) || !isNumeric(other)) return one === other;
  const [integer, number] = typeof one === "bigint" ? [one, other as number] : [other as bigint, one as number];
  return Number.isInteger(number) && BigInt(number) === integer;
}

registerKind("shareable-list", (folder, descriptor) => over(PythonMemory.take(folder, descriptor)));
