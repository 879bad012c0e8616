import { types } from "node:util";
import { CodecError } from "../../errors.js";
import { pathOf, refusal, type Step } from "../refusal.js";
import { isHashable } from "./hashable.js";
import { BATCH, OP, WRITTEN_PROTOCOL } from "./pickle.layout.js";
import { PickleOutput } from "./pickle-output.js";
import { PythonTuple } from "./python-tuple.js";
import { WrittenFrame } from "./written-frame.js";
import { WrittenGlobal } from "./written-global.js";

/** Writes one kind of object: by calls of the writer's `object` methods. */
export type WriteObject = (writer: PickleWriter, value: object) => void;

/** What an object is made of in Python, besides the call that makes it. */
export interface WrittenParts {
  /** Given to it by BUILD; left out for none. */
  state?: unknown;
  /** Appended to it. */
  items?: readonly unknown[];
  /** Keys and values in turn. */
  entries?: readonly unknown[];
  /** The call is `cls.__new__(cls, *args)`, and not `cls(*args)`. */
  isNew?: boolean;
}

/** A number in the memo that has none yet: the object is being written. */
const UNFINISHED = -1;

/*
 * Writing a pickle, protocol 4.
 *
 * Idea    Each object becomes the instructions that make it. What lies in it is written by a list of frames, not by
 *         recursion: a frame is one object and how far it is written, so depth costs memory and no stack.
 * States  A key of a Map, an element of a Set, and what lies in one of these has to be hashable in Python: there an Array is
 *         a tuple and a Set a frozenset. An Array that lies in both kinds of places is written twice, once as each.
 * Order   What comes first is written first; an object's number in the memo is that of its first writing.
 * Limits  A tuple, a frozenset, and what is called with arguments cannot contain itself: Python could not make it.
 */
export class PickleWriter {
  private readonly out = new PickleOutput();
  /** The object with number 0 in the memo: many values have no other. */
  private first: object | undefined;
  private readonly memo = new Map<object, number>();
  /** Numbers of Arrays and Sets as tuples and frozensets. */
  private readonly hashed = new Map<object, number>();
  /** Keys of plain objects. */
  private readonly names = new Map<string, number>();
  private readonly globals = new Map<string, number>();
  private count = 0;
  private frames: WrittenFrame[] = [];

  constructor(
    private readonly writers: ReadonlyMap<object, WriteObject>,
    private readonly constants: ReadonlyMap<unknown, WrittenGlobal>,
  ) {}

  write(value: unknown): Uint8Array {
    const { out } = this;
    out.begin();
    out.two(OP.PROTO, WRITTEN_PROTOCOL);
    this.put(value, false);
    while (this.frames.length > 0) this.step(this.frames[this.frames.length - 1]);
    out.byte(OP.STOP);
    return out.finish();
  }

  /** Forgets the value, so that nothing here keeps it alive. */
  forget(): void {
    this.first = undefined;
    if (this.memo.size > 0) this.memo.clear();
    if (this.hashed.size > 0) this.hashed.clear();
    if (this.names.size > 0) this.names.clear();
    if (this.globals.size > 0) this.globals.clear();
    if (this.frames.length > 0) this.frames = [];
    this.count = 0;
  }

  /** Where in the value the writer is. */
  get path(): string {
    return pathOf(this.frames.map((frame) => frame.step).filter((step): step is Step => step !== undefined));
  }

  refusal(what: string): CodecError {
    return new CodecError(`encode: ${what}, at ${this.path}`);
  }

  /** An object that a call of a global with arguments makes. */
  call(subject: object, type: WrittenGlobal, args: readonly unknown[], parts: WrittenParts = {}): void {
    this.global(type);
    if ("state" in parts) this.frames.push(new WrittenFrame("state", [parts.state], subject));
    if (parts.entries !== undefined && parts.entries.length > 0)
      this.frames.push(new WrittenFrame("entries", parts.entries, subject));
    if (parts.items !== undefined && parts.items.length > 0)
      this.frames.push(new WrittenFrame("items", parts.items, subject));
    const after = parts.isNew === true ? OP.NEWOBJ : OP.REDUCE;
    this.memo.set(subject, UNFINISHED);
    this.tuple(args, subject, false, after);
  }

  /** A global itself. */
  global(type: WrittenGlobal): void {
    const key = `${type.module}\0${type.name}`;
    const known = this.globals.get(key);
    if (known !== undefined) return this.get(known);
    this.out.string(type.module);
    this.out.string(type.name);
    this.out.byte(OP.STACK_GLOBAL);
    this.out.byte(OP.MEMOIZE);
    this.globals.set(key, this.count++);
  }

  /** Writes a value, or puts it on the list of what is being written: false. */
  private put(value: unknown, isKey: boolean): boolean {
    const { out } = this;
    switch (typeof value) {
      case "string":
        out.string(value);
        return true;
      case "number":
        out.number(value);
        return true;
      case "boolean":
        out.byte(value ? OP.NEWTRUE : OP.NEWFALSE);
        return true;
      case "undefined":
        out.byte(OP.NONE);
        return true;
      case "bigint":
        out.bigint(value);
        return true;
      case "object":
        if (value === null) {
          out.byte(OP.NONE);
          return true;
        }
        return this.object(value, isKey);
      default:
        return this.constant(value);
    }
  }

  private constant(value: unknown): true {
    const constant = this.constants.get(value);
    if (constant === undefined) throw refusal(value, this.path);
    this.global(constant);
    return true;
  }

  private object(value: object, isKey: boolean): boolean {
    const isCollection = isKey && (Array.isArray(value) || value instanceof Set || value instanceof PythonTuple);
    const known = isCollection ? this.hashed.get(value) : value === this.first ? 0 : this.memo.get(value);
    if (known !== undefined) {
      if (known === UNFINISHED)
        throw this.refusal("an object that contains itself where Python has to have it complete");
      this.get(known);
      return true;
    }
    if (isKey && !isHashable(value)) throw this.refusal("Python allows no such key of a dict or element of a set");
    const before = this.frames.length;
    this.begin(value, isKey);
    return this.frames.length === before;
  }

  private begin(value: object, isKey: boolean): void {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) return this.plain(value);
    if (Array.isArray(value) && (prototype === Array.prototype || isForeign(value))) return this.array(value, isKey);
    if (prototype === WrittenGlobal.prototype) return this.global(value as WrittenGlobal);
    if (prototype === PythonTuple.prototype) {
      (isKey ? this.hashed : this.memo).set(value, UNFINISHED);
      return this.tuple((value as PythonTuple).items, value, isKey, 0);
    }
    const write = this.writers.get(prototype);
    if (write !== undefined) return write(this, value);
    return this.builtIn(value, prototype, isKey);
  }

  private builtIn(value: object, prototype: object, isKey: boolean): void {
    const isOther = isForeign(value);
    if (isOther && Object.getPrototypeOf(prototype) === null) return this.plain(value);
    if (types.isMap(value) && (prototype === Map.prototype || isOther)) {
      this.out.byte(OP.EMPTY_DICT);
      this.memoize(value);
      if (value.size > 0) this.frames.push(new WrittenFrame("entries", [...value].flat(1), value));
      return;
    }
    if (types.isSet(value) && (prototype === Set.prototype || isOther)) return this.set(value, isKey);
    if (types.isUint8Array(value)) return this.bytes(value, value);
    if (types.isArrayBuffer(value)) return this.bytes(value, new Uint8Array(value));
    if (types.isDataView(value))
      return this.bytes(value, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    const constant = this.constants.get(value);
    if (constant !== undefined) return this.global(constant);
    for (const [known, write] of this.writers)
      if (isOther && known.constructor.name === prototype.constructor?.name) return write(this, value);
    const write = types.isNativeError(value) || value instanceof Error ? this.writers.get(Error.prototype) : undefined;
    if (write !== undefined) return write(this, value);
    const name = prototype.constructor?.name ?? "";
    const isKnown = Object.prototype.toString.call(value) !== "[object Object]" || name === "";
    if (isKnown) throw refusal(value, this.path);
    throw this.refusal(
      `an instance of class ${name} cannot be sent; pickleCodec({ globals: { "module.${name}": { class: ${name} } } }) says what it is in Python`,
    );
  }

  private plain(value: object): void {
    if (types.isProxy(value)) throw refusal(value, this.path);
    this.out.byte(OP.EMPTY_DICT);
    this.memoize(value);
    const keys = Object.keys(value);
    if (keys.length > 0) this.frames.push(new WrittenFrame("properties", keys, value));
  }

  private array(value: unknown[], isKey: boolean): void {
    if (isKey) {
      this.hashed.set(value, UNFINISHED);
      return this.tuple(value, value, true, 0);
    }
    this.out.byte(OP.EMPTY_LIST);
    this.memoize(value);
    if (value.length > 0) this.frames.push(new WrittenFrame("items", value, value));
  }

  private set(value: Set<unknown>, isKey: boolean): void {
    if (isKey) {
      this.hashed.set(value, UNFINISHED);
      this.out.byte(OP.MARK);
      this.frames.push(new WrittenFrame("frozen", [...value], value));
      return;
    }
    this.out.byte(OP.EMPTY_SET);
    this.memoize(value);
    if (value.size > 0) this.frames.push(new WrittenFrame("elements", [...value], value));
  }

  private bytes(value: object, bytes: Uint8Array): void {
    this.out.bytes(bytes);
    this.memoize(value);
  }

  private tuple(items: readonly unknown[], subject: object, isKey: boolean, after: number): void {
    if (items.length > 3) this.out.byte(OP.MARK);
    this.frames.push(new WrittenFrame("tuple", items, subject, isKey, after));
  }

  private memoize(value: object): void {
    this.out.byte(OP.MEMOIZE);
    if (this.count === 0) this.first = value;
    else this.memo.set(value, this.count);
    this.count++;
  }

  private get(index: number): void {
    if (index <= 0xff) this.out.two(OP.BINGET, index);
    else this.out.withInt32(OP.LONG_BINGET, index);
  }

  /** Writes on in a frame until it is complete or something in it needs a frame of its own. */
  private step(frame: WrittenFrame): void {
    switch (frame.kind) {
      case "properties":
        return this.properties(frame);
      case "entries":
        return this.batches(frame, 2 * BATCH, OP.SETITEMS);
      case "elements":
        return this.batches(frame, BATCH, OP.ADDITEMS);
      case "items":
        return this.batches(frame, BATCH, OP.APPENDS);
      default:
        return this.closed(frame);
    }
  }

  private batches(frame: WrittenFrame, batch: number, op: number): void {
    const { values, count, kind } = frame;
    const { out } = this;
    for (;;) {
      const { index } = frame;
      if (index % batch === 0 || index === count) {
        if (index > 0) out.byte(op);
        if (index === count) break;
        out.byte(OP.MARK);
      }
      frame.index = index + 1;
      const isKey = kind === "elements" || (kind === "entries" && index % 2 === 0);
      if (!this.put(values[index], isKey)) return;
    }
    this.frames.pop();
  }

  private properties(frame: WrittenFrame): void {
    const { values, count } = frame;
    const { out } = this;
    const object = frame.subject as Record<string, unknown>;
    for (;;) {
      const { index } = frame;
      if (index % BATCH === 0 || index === count) {
        if (index > 0) out.byte(OP.SETITEMS);
        if (index === count) break;
        out.byte(OP.MARK);
      }
      frame.index = index + 1;
      const key = values[index] as string;
      this.key(key);
      if (!this.put(object[key], false)) return;
    }
    this.frames.pop();
  }

  /** Keys come again and again: each is written once. */
  private key(key: string): void {
    if (this.frames.length === 1) return this.out.string(key); // of the outermost object: only once
    const known = this.names.get(key);
    if (known !== undefined) return this.get(known);
    this.out.string(key);
    this.out.byte(OP.MEMOIZE);
    this.names.set(key, this.count++);
  }

  /** Frames that end with an instruction of their own: tuples, frozensets, states. */
  private closed(frame: WrittenFrame): void {
    const { values, count, kind, subject } = frame;
    while (frame.index < count) if (!this.put(values[frame.index++], frame.isKey)) return;
    this.frames.pop();
    const { out } = this;
    if (kind === "state") return out.byte(OP.BUILD);
    if (kind === "frozen") out.byte(OP.FROZENSET);
    else out.byte(count > 3 ? OP.TUPLE : [OP.EMPTY_TUPLE, OP.TUPLE1, OP.TUPLE2, OP.TUPLE3][count]);
    if (frame.after !== 0) out.byte(frame.after);
    out.byte(OP.MEMOIZE);
    (frame.after === 0 && frame.isKey ? this.hashed : this.memo).set(subject, this.count++);
  }
}

/** Made in another realm, where the built-in classes are others. */
function isForeign(value: object): boolean {
  return !(value instanceof Object);
}
