import { types } from "node:util";
import { CodecError } from "../errors.js";
import { isArrayIndex } from "./array-index.js";
import { ByteWriter, FLOAT_BYTES } from "./byte-writer.js";
import type { Registration } from "./class-registry.js";
import { IdentityTable } from "./identity-table.js";
import { hasOnlyElements } from "./only-elements.js";
import { OutgoingBuffers } from "./outgoing-buffers.js";
import { pathOf, refusal, type Step } from "./refusal.js";
import { ShapeTable } from "./shape-table.js";
import { type DecodeLimits, FLAGS, FORMAT_VERSION, TAG } from "./structured.layout.js";
import { writeBigInt } from "./write-bigint.js";
import { writeOther } from "./write-other.js";

// constants of this module, and not properties of TAG: the engine then has the numbers in the code
const {
  true: TRUE,
  false: FALSE,
  null: NULL,
  undefined: UNDEFINED,
  shape: SHAPE,
  shaped: SHAPED,
  array: ARRAY,
  object: OBJECT,
  reference: REFERENCE,
  holes: HOLES,
  arrayWithProperties: ARRAY_WITH_PROPERTIES,
  end: END,
  shortArray: SHORT_ARRAY,
  shortShaped: SHORT_SHAPED,
} = TAG;
const { isProxy } = types;
const isOwn = Object.prototype.hasOwnProperty;

/** A run of holes is counted one by one up to this; then the array's keys are listed. */
const SHORT_RUN = 64;
const NO_STEP: Step = { toString: () => "" };

/**
 * Writes one value, and what lies in it, in one pass. Primitives, plain objects and arrays are written here; the rest by
 * `write-other.ts`. Where a value stands is kept in `steps`, so that an error can say it.
 */
export class ValueWriter extends ByteWriter {
  readonly handles: object[] = [];
  readonly classes: Registration[] = [];
  readonly buffers = new OutgoingBuffers();

  /** How many objects are open around the value. */
  depth = 0;
  /** What the regular expressions so far cost the receiver. */
  regexpCost = 0;

  private readonly identity = new IdentityTable();
  private readonly shapes = new ShapeTable();
  private readonly steps: Step[] = [];
  /** The numbers of instances that the receiver makes out of the state that is being written. */
  private readonly unmade: number[] = [];
  private count = 0;
  private hasReferences = false;

  constructor(private readonly limits: DecodeLimits) {
    super();
  }

  /** Writes a message at `start`; gives its end. */
  message(value: unknown): number {
    const header = this.start;
    let end = this.value(value, this.byte(0, header));
    const hasBuffers = !this.buffers.isEmpty;
    if (hasBuffers) end = this.buffers.write(this, end);
    this.target[header] =
      (FORMAT_VERSION << 4) | (this.hasReferences ? FLAGS.references : 0) | (hasBuffers ? FLAGS.buffers : 0);
    return end;
  }

  /** Forgets the message, whole or given up, except its handles. */
  clear(): void {
    this.letGo();
    this.identity.clear();
    this.shapes.clear();
    this.buffers.clear();
    if (this.classes.length > 0) this.classes.length = 0;
    if (this.unmade.length > 0) this.unmade.length = 0;
    this.depth = 0;
    this.count = 0;
    this.regexpCost = 0;
    this.hasReferences = false;
  }

  value(value: unknown, position: number): number {
    if (typeof value === "number") return this.number(value, position);
    if (typeof value === "string") return this.string(value, position);
    if (typeof value === "object") {
      return value === null ? this.byte(NULL, position) : this.composite(value, position);
    }
    if (typeof value === "boolean") return this.byte(value ? TRUE : FALSE, position);
    if (value === undefined) return this.byte(UNDEFINED, position);
    if (typeof value === "bigint") return writeBigInt(this, value, position);
    throw refusal(value, this.path);
  }

  /** A value in the object that is open; `step` says where, should it be refused. */
  child(step: Step, value: unknown, position: number): number {
    this.steps[this.depth] = step;
    return this.value(value, position);
  }

  /** A plain object, or another one's own enumerable string properties as one. */
  object(object: Record<string, unknown>, position: number): number {
    const { depth, steps } = this;
    const shape = this.shapes.shapeOf(object, depth);
    if (shape === undefined) return this.pairs(object, Object.keys(object), this.byte(OBJECT, position));
    const { keys } = shape;
    this.add(keys.length);
    let at: number;
    if (shape.id < 0) {
      this.shapes.number(shape);
      at = this.copy(shape.definition, this.byte(SHAPE, position));
    } else if (shape.id < 16) {
      at = this.byte(SHORT_SHAPED + shape.id, position);
    } else {
      at = this.tagged(SHAPED, shape.id, position);
    }
    let index = 0;
    for (const key in object) {
      if (!isOwn.call(object, key)) continue;
      if (key !== keys[index]) break;
      const value = object[key];
      if (typeof value === "string") at = this.string(value, at);
      else if (typeof value === "number") at = this.number(value, at);
      else {
        steps[depth] = key;
        at = this.value(value, at);
      }
      index++;
    }
    if (index === keys.length) return at;
    throw new CodecError(
      `encode: property ${JSON.stringify(keys[index])} went away while the object was read, at ${this.openPath}; a getter did it`,
    );
  }

  /** An array: its elements, then what other properties it has. */
  array(array: readonly unknown[], position: number): number {
    const { length } = array;
    const { depth, steps } = this;
    let at = length < 16 ? this.byte(SHORT_ARRAY + length, position) : this.tagged(ARRAY, length, position);
    this.add(length);
    for (let index = 0; index < length; index++) {
      const element = array[index];
      if (element === undefined && !isOwn.call(array, index)) {
        return this.properties(array, position, this.holey(array, index, length, at));
      }
      if (typeof element === "string") at = this.string(element, at);
      else if (typeof element === "number") {
        if (element === (element | 0)) at = this.number(element, at);
        else {
          const end = this.floatsOf(array, index, at);
          index += (end - at) / FLOAT_BYTES - 1;
          at = end;
        }
      } else {
        steps[depth] = index;
        at = this.value(element, at);
      }
    }
    return hasOnlyElements(array) ? at : this.properties(array, position, at);
  }

  /**
   * The properties of the instance that is open as the object that stands for it; that object counts as one, though
   * nobody else can refer to it.
   */
  ownState(instance: object, position: number): number {
    this.identity.skip();
    this.steps[this.depth] = NO_STEP;
    this.open();
    const end = this.object(instance as Record<string, unknown>, position);
    this.depth--;
    return end;
  }

  /** The number of the object that was met last. */
  get latest(): number {
    return this.identity.next - 1;
  }

  /** What the receiver makes out of `state` has the number; it cannot occur in the state. */
  stateOf(number: number, state: unknown, position: number): number {
    this.unmade.push(number);
    const end = this.child({ toString: () => ".getState()" }, state, position);
    this.unmade.pop();
    return end;
  }

  /** Where the value is that is being written. */
  get path(): string {
    return pathOf(this.steps.slice(1, this.depth + 1));
  }

  /** Where the innermost object is that is open. */
  get openPath(): string {
    return pathOf(this.steps.slice(1, this.depth));
  }

  /** Counts array slots, entries and keys. */
  add(count: number): void {
    this.count += count;
    const { maxCount } = this.limits;
    if (this.count > maxCount)
      throw new CodecError(
        `encode: the value has more than ${maxCount.toLocaleString("en")} array slots, entries and keys (maxCount)`,
      );
  }

  private composite(value: object, position: number): number {
    const number = this.identity.find(value);
    if (number >= 0) return this.reference(number, position);
    this.open();
    const prototype = Object.getPrototypeOf(value) as object | null;
    let end: number;
    if (prototype === Object.prototype && !isProxy(value))
      end = this.object(value as Record<string, unknown>, position);
    else if (prototype === Array.prototype && Array.isArray(value) && !isProxy(value))
      end = this.array(value, position);
    else end = writeOther(this, value, prototype, position);
    this.depth--;
    return end;
  }

  private open(): void {
    if (++this.depth > this.limits.maxDepth)
      throw new CodecError(
        `encode: objects lie more than ${this.limits.maxDepth.toLocaleString("en")} deep in each other (maxDepth), at ${this.openPath}`,
      );
  }

  private reference(number: number, position: number): number {
    if (this.unmade.includes(number))
      throw new CodecError(
        `encode: the state of an instance contains the instance, at ${this.path}; its class has setState, which needs the state first`,
      );
    this.hasReferences = true;
    return this.tagged(REFERENCE, number, position);
  }

  /** From the first hole of an array on. */
  private holey(array: readonly unknown[], from: number, length: number, position: number): number {
    let at = position;
    let present: number[] | undefined;
    let cursor = 0;
    for (let index = from; index < length; ) {
      const element = array[index];
      if (element !== undefined || isOwn.call(array, index)) {
        at = this.child(index++, element, at);
        continue;
      }
      let next = index + 1;
      const near = Math.min(length, index + SHORT_RUN);
      while (next < near && !isOwn.call(array, next)) next++;
      if (next === near && near < length) {
        present ??= Object.keys(array).filter(isArrayIndex).map(Number);
        while (present[cursor] < next) cursor++;
        next = cursor < present.length ? Math.min(present[cursor], length) : length;
      }
      at = this.tagged(HOLES, next - index, at);
      index = next;
    }
    return at;
  }

  /** What properties an array has besides the elements that are written at `start`; those make it another tag. */
  private properties(array: readonly unknown[], start: number, position: number): number {
    const names = Object.keys(array).filter((key) => !isArrayIndex(key));
    if (names.length === 0) return position;
    let at = position;
    const length = this.target[start] - SHORT_ARRAY;
    if (length < 16) {
      // two bytes for the length, the second of them 0: what lies at an even byte has to stay at one
      this.room(at, 2);
      at += 2;
      this.target.copyWithin(start + 3, start + 1, position);
      this.target[start + 1] = length | 0x80;
      this.target[start + 2] = 0;
    }
    this.target[start] = ARRAY_WITH_PROPERTIES;
    return this.pairs(array as unknown as Record<string, unknown>, names, at);
  }

  private pairs(object: Record<string, unknown>, keys: readonly string[], position: number): number {
    let at = position;
    for (const key of keys) {
      if (!isOwn.call(object, key)) continue;
      this.add(1);
      at = this.child(key, object[key], this.string(key, at));
    }
    return this.byte(END, at);
  }

  private copy(bytes: Uint8Array, position: number): number {
    const { length } = bytes;
    if (position + length > this.limit) this.room(position, length);
    this.target.set(bytes, position);
    return position + length;
  }
}
