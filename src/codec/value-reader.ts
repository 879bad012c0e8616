import { isArrayIndex } from "./array-index.js";
import { ByteReader } from "./byte-reader.js";
import type { Registration } from "./class-registry.js";
import { IncomingBuffers } from "./incoming-buffers.js";
import { readBigInt } from "./read-bigint.js";
import { otherReaders } from "./read-other.js";
import { defineCarefully, isFarIndex, makeSparse, type PlainObject, ReadShape } from "./read-shape.js";
import { shapeDefinedBy } from "./shape-cache.js";
import { type DecodeLimits, FLAGS, FORMAT_VERSION, TAG } from "./structured.layout.js";
import { readLatin1, readUtf16 } from "./text.js";

// constants of this module, and not properties of TAG: the engine then has the numbers in the code
const {
  true: TRUE,
  false: FALSE,
  null: NULL,
  undefined: UNDEFINED,
  uint8: UINT8,
  uint16: UINT16,
  float64: FLOAT64,
  int32: INT32,
  negative8: NEGATIVE8,
  latin1: LATIN1,
  utf16: UTF16,
  shape: SHAPE,
  shaped: SHAPED,
  array: ARRAY,
  object: OBJECT,
  bigint64: BIGINT64,
  bigint: BIGINT,
  reference: REFERENCE,
  holes: HOLES,
  arrayWithProperties: ARRAY_WITH_PROPERTIES,
  end: END,
  shortLatin1: SHORT_LATIN1,
  shortArray: SHORT_ARRAY,
  shortShaped: SHORT_SHAPED,
} = TAG;
const { slice } = Uint8Array.prototype;
/** A power of two. */
const RECENT_SHAPES = 64;
/** A list of shapes longer than this is let go after the message. */
const KEPT_SHAPES = 256;
/** The engine makes a longer array as a table at once; growing to that length keeps it a row. */
const LONGEST_ROW = 2 ** 25;
const NOT_READY = Symbol("an instance whose state is being read");

/**
 * Reads one value, and what lies in it, in one pass. Primitives, plain objects and arrays are read here; the rest by
 * `read-other.ts`. No length in the message is believed: memory is taken as the contents come.
 */
export class ValueReader extends ByteReader {
  readonly classes: Registration[] = [];
  /** What the regular expressions so far have cost. */
  regexpCost = 0;
  /** What `take` threw: that is the caller's own and needs no explanation. */
  thrownByTake: { readonly error: unknown } | undefined;

  /** The first `shapeCount` are this message's. */
  private readonly shapes: ReadShape[] = [];
  private shapeCount = 0;
  /** Stands before the first shape of a message. */
  private readonly firstShape = new ReadShape([], undefined);
  private latestShape = this.firstShape;
  /** Shapes of the latest messages, by a hash of little worth that costs nothing. */
  private readonly recent: (ReadShape | undefined)[] = new Array(RECENT_SHAPES).fill(undefined);
  private recentSlot = 0;
  private objects: unknown[] | undefined;
  private buffers: IncomingBuffers | undefined;
  private take: ((index: number) => object) | undefined;
  private handles = 0;
  private depth = 0;
  private counted = 0;
  /**
   * So many array slots may still be made before their elements have come. As many as the message has bytes are enough
   * for every array without holes; an array beyond them grows, and its holes take no memory.
   */
  private slots = 0;

  constructor(private readonly limits: DecodeLimits) {
    super();
  }

  /** Reads the message at bytes[start…end). */
  message(bytes: Uint8Array, start: number, end: number, take: ((index: number) => object) | undefined): unknown {
    this.readFrom(bytes, start, end);
    const header = this.byte();
    if (header >> 4 !== FORMAT_VERSION) throw this.broken(`format version ${header >> 4}, not ${FORMAT_VERSION}`);
    if ((header & 0xf & ~(FLAGS.references | FLAGS.buffers)) !== 0) throw this.broken(`unknown flags ${header & 0xf}`);
    if ((header & FLAGS.references) !== 0) this.objects = [];
    if ((header & FLAGS.buffers) !== 0) this.buffers = new IncomingBuffers(this);
    this.take = take;
    this.slots = end - start;
    const value = this.value();
    if (this.position !== this.end) throw this.broken(`${this.end - this.position} bytes are left over`);
    return value;
  }

  /** Forgets the message, whole or broken. */
  clear(): void {
    this.letGo();
    if (this.shapes.length > KEPT_SHAPES) this.shapes.length = 0;
    this.shapeCount = 0;
    if (this.classes.length > 0) this.classes.length = 0;
    this.latestShape = this.firstShape;
    this.thrownByTake = undefined;
    this.objects = undefined;
    this.buffers = undefined;
    this.take = undefined;
    this.handles = 0;
    this.depth = 0;
    this.counted = 0;
    this.regexpCost = 0;
  }

  value(): unknown {
    const { position } = this;
    if (position >= this.end) throw this.truncated();
    const tag = this.bytes[position];
    this.position = position + 1;
    if (tag < SHORT_LATIN1) return tag;
    if (tag < SHORT_ARRAY) return this.latin1(tag - SHORT_LATIN1);
    if (tag >= UNDEFINED) return this.single(tag);
    if (tag >= SHORT_SHAPED) return this.shaped(tag - SHORT_SHAPED);
    return this.array(tag - SHORT_ARRAY, false);
  }

  /** A string; anything else is an error. */
  string(): string {
    const tag = this.byte();
    if (tag >= SHORT_LATIN1 && tag < SHORT_ARRAY) return this.latin1(tag - SHORT_LATIN1);
    if (tag === LATIN1) return this.latin1(this.varint());
    if (tag === UTF16) return this.utf16();
    throw this.broken(`tag ${tag} where a string belongs`);
  }

  track(object: object): void {
    if (this.objects !== undefined) this.objects.push(object);
  }

  /** Takes the next number for an object that is made later; gives it for {@link trackAt}. */
  trackLater(): number {
    return this.objects === undefined ? -1 : this.objects.push(NOT_READY) - 1;
  }

  trackAt(number: number, object: unknown): void {
    if (this.objects !== undefined) this.objects[number] = object;
  }

  /** Counts array slots, entries and keys. */
  add(count: number): void {
    this.counted += count;
    const { maxCount } = this.limits;
    if (this.counted > maxCount)
      throw this.broken(`more than ${maxCount.toLocaleString("en")} array slots, entries and keys (maxCount)`);
  }

  /** An object opens; {@link close} ends it. */
  open(): void {
    if (++this.depth > this.limits.maxDepth)
      throw this.broken(
        `objects lie more than ${this.limits.maxDepth.toLocaleString("en")} deep in each other (maxDepth)`,
      );
  }

  close(): void {
    this.depth--;
  }

  buffer(): { readonly buffer: ArrayBuffer; readonly base: number } {
    const number = this.varint();
    if (this.buffers === undefined) throw this.broken("a view in a message without buffers");
    return this.buffers.get(number);
  }

  handle(): object {
    const index = this.varint();
    if (index !== this.handles) throw this.broken(`handle ${index} where ${this.handles} is the next`);
    if (this.take === undefined)
      throw this.broken("a shared object or connection end, which travels over shared memory only");
    this.handles++;
    try {
      return this.take(index);
    } catch (error) {
      this.thrownByTake = { error };
      throw error;
    }
  }

  private single(tag: number): unknown {
    switch (tag) {
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case UINT8:
        return this.byte();
      case UINT16:
        return this.uint16();
      case FLOAT64:
        return this.float64();
      case INT32:
        return this.int32();
      case NEGATIVE8:
        return -1 - this.byte();
      case LATIN1:
        return this.latin1(this.varint());
      case UTF16:
        return this.utf16();
      case SHAPE:
        return this.read(this.define());
      case SHAPED:
        return this.shaped(this.varint());
      case ARRAY:
        return this.array(this.varint(), false);
      case ARRAY_WITH_PROPERTIES:
        return this.array(this.varint(), true);
      case OBJECT:
        return this.object();
      case BIGINT64:
        return this.bigint64();
      case BIGINT:
        return readBigInt(this);
      case REFERENCE:
        return this.reference();
      default: {
        const read = otherReaders[tag];
        if (read === undefined) throw this.broken(`tag ${tag} where a value belongs`);
        this.open();
        const value = read(this);
        this.close();
        return value;
      }
    }
  }

  private latin1(length: number): string {
    const { position } = this;
    if (length > this.end - position) throw this.truncated();
    this.position = position + length;
    return readLatin1(this.bytes, position, length);
  }

  private utf16(): string {
    const bytes = this.varint() * 2;
    if (((this.position - this.start) & 1) === 1) this.skip(1);
    const at = this.skip(bytes);
    return readUtf16(this.bytes, at, at + bytes);
  }

  private shaped(number: number): PlainObject {
    if (number >= this.shapeCount) throw this.broken(`there is no shape ${number}`);
    return this.read(this.shapes[number]);
  }

  private read(shape: ReadShape): PlainObject {
    this.open();
    this.add(shape.keys.length);
    const object = shape.read(this, shape);
    this.close();
    return object;
  }

  private define(): ReadShape {
    const count = this.varint();
    const length = this.varint();
    const at = this.skip(length);
    const shape = this.knownShape(at, length, count) ?? shapeDefinedBy(slice.call(this.bytes, at, at + length), count);
    if (shape === undefined) throw this.broken("a shape whose keys are not those that it announces");
    this.recent[this.recentSlot] = shape;
    this.latestShape.follower = shape;
    this.latestShape = shape;
    this.shapes[this.shapeCount++] = shape;
    return shape;
  }

  /** A shape that was read lately, found by a glance at its definition and compared byte by byte. */
  private knownShape(at: number, length: number, count: number): ReadShape | undefined {
    const { bytes } = this;
    const { follower } = this.latestShape;
    if (follower?.isDefinedBy(bytes, at, length, count)) return follower;
    const glance = length === 0 ? 0 : (bytes[at + (length >> 1)] ^ (bytes[at + length - 1] << 2)) + length;
    this.recentSlot = glance & (RECENT_SHAPES - 1);
    const recent = this.recent[this.recentSlot];
    return recent?.isDefinedBy(bytes, at, length, count) ? recent : undefined;
  }

  private object(): PlainObject {
    this.open();
    const object: PlainObject = {};
    this.track(object);
    this.pairs(object, false);
    this.close();
    return object;
  }

  private pairs(object: object, isArray: boolean): void {
    for (let before = 0; ; before++) {
      if (this.position >= this.end) throw this.truncated();
      if (this.bytes[this.position] === END) break;
      const key = this.string();
      this.add(1);
      if (isArray && (isArrayIndex(key) || key === "length")) throw this.broken(`property ${key} of an array`);
      if (isFarIndex(key, before)) makeSparse(object);
      defineCarefully(object, key, this.value());
    }
    this.position++;
  }

  private array(length: number, hasProperties: boolean): unknown[] {
    this.open();
    this.add(length);
    const isSized = length <= this.slots && length <= LONGEST_ROW;
    if (isSized) this.slots -= length;
    const array: unknown[] = isSized ? new Array(length) : [];
    this.track(array);
    const { bytes, end } = this;
    for (let index = 0; index < length; index++) {
      if (this.position >= end) throw this.truncated();
      const tag = bytes[this.position];
      if (tag === FLOAT64) {
        // here and not by value(), so that the number need not become an object on its way into the array
        this.position++;
        array[index] = this.float64();
      } else if (tag === HOLES) {
        index += this.holes(length - index) - 1;
        if (!isSized) makeSparse(array);
      } else {
        array[index] = this.value();
      }
    }
    if (array.length !== length) array.length = length;
    if (hasProperties) this.pairs(array, true);
    this.close();
    return array;
  }

  /** Reads the length of a run of holes. */
  private holes(left: number): number {
    this.position++;
    const run = this.varint();
    if (run === 0 || run > left) throw this.broken(`${run} holes where ${left} slots are left`);
    return run;
  }

  private reference(): unknown {
    const number = this.varint();
    const { objects } = this;
    if (objects === undefined || number >= objects.length) throw this.broken(`there is no object ${number}`);
    const object = objects[number];
    if (object === NOT_READY) throw this.broken("the state of an instance contains the instance");
    return object;
  }
}
