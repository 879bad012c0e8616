import { CodecError } from "../../errors.js";
import { addTo, setIn } from "./collection-globals.js";
import { DictShapes, startAgain } from "./dict-shapes.js";
import { GlobalStack } from "./global-stack.js";
import { KeyGuard } from "./key-guard.js";
import { OldScalars, type PickleEncoding } from "./old-scalars.js";
import { NEWEST_PROTOCOL, OP } from "./pickle.layout.js";
import { PickleInput } from "./pickle-input.js";
import { PickleMemo } from "./pickle-memo.js";
import type { PythonGlobal } from "./python-global.js";
import { Unmade } from "./unmade.js";

const persistent = "a persistent id, which names something outside the pickle, is not allowed";
const extension = "an extension code, which names a global by a number, is not allowed";
const refused: Readonly<Record<number, string>> = {
  [OP.PERSID]: persistent,
  [OP.BINPERSID]: persistent,
  [OP.EXT1]: extension,
  [OP.EXT2]: extension,
  [OP.EXT4]: extension,
};

/*
 * Reading a pickle: a stack machine.
 *
 * Idea    A pickle is a program for a machine with a stack, marks on the stack and a memo. Its instructions make plain data;
 *         a few name a global of Python's and call it. Here those names are looked up in a table, and what is found is a
 *         function of ours that makes data of data, so nothing that a pickle says can run anything else.
 * States  `stack` what is being made; `marks` heights of it, below the last of which nothing is taken; the memo.
 * Order   one instruction after the other, from the first byte to STOP; what follows STOP is ignored, as Python does.
 * Limits  No recursion: how deep values lie in each other does not matter. Nothing is allocated for a length before the bytes
 *         are there. What copies its arguments is counted (GlobalStack.charge), so time and memory stay in proportion to
 *         the pickle's length. Frames are passed over: they are of use to who reads a file.
 * Source  Lib/pickletools.py of CPython describes the instructions.
 */
export class PickleReader {
  private readonly input = new PickleInput();
  private readonly globals: GlobalStack;
  private readonly scalars: OldScalars;
  private readonly memo = new PickleMemo();
  private readonly shapes = new DictShapes();
  private readonly guard = new KeyGuard();
  private stack: unknown[] = [];
  private marks: number[] = [];
  /** Height of the stack at the last mark. */
  private floor = 0;
  private buffers: readonly Uint8Array[] = [];
  private nextBuffer = 0;

  constructor(own: ReadonlyMap<string, PythonGlobal>, encoding: PickleEncoding) {
    this.globals = new GlobalStack(this.input, own);
    this.scalars = new OldScalars(this.input, encoding);
  }

  read(bytes: Uint8Array, buffers: readonly Uint8Array[]): unknown {
    this.buffers = buffers;
    for (;;) {
      this.input.begin(bytes);
      try {
        const value = this.run();
        if (!this.shapes.isLearning) return value;
      } catch (error) {
        if (error !== startAgain) throw this.explained(error);
      }
      this.clear();
      this.shapes.next();
      this.globals.isLearning = this.shapes.isLearning;
    }
  }

  /** Forgets the pickle, so that nothing here keeps its values alive. */
  forget(): void {
    this.clear();
    this.shapes.clear();
    this.buffers = [];
    this.input.end();
  }

  private clear(): void {
    this.globals.clear();
    this.memo.clear();
    this.guard.clear();
    this.stack = [];
    this.marks = [];
    this.floor = 0;
    this.nextBuffer = 0;
  }

  private explained(error: unknown): CodecError {
    if (error instanceof CodecError) return error;
    const isTooLarge = error instanceof RangeError;
    return this.input.broken(isTooLarge ? "too large or too deep for this process" : "a value cannot be made", error);
  }

  private run(): unknown {
    const { input } = this;
    for (;;) {
      const op = input.byte();
      switch (op) {
        case OP.SHORT_BINUNICODE:
          this.stack.push(input.string(input.byte()));
          break;
        case OP.MEMOIZE:
          this.put(this.memo.count);
          break;
        case OP.BINGET:
          this.get(input.byte());
          break;
        case OP.BININT1:
          this.stack.push(input.byte());
          break;
        case OP.BINPUT:
          this.put(input.byte());
          break;
        case OP.BINUNICODE:
          this.stack.push(input.string(input.uint32()));
          break;
        case OP.MARK:
          this.floor = this.stack.length;
          this.marks.push(this.floor);
          break;
        case OP.BININT:
          this.stack.push(input.int32());
          break;
        case OP.BININT2:
          this.stack.push(input.uint16());
          break;
        case OP.BINFLOAT:
          this.stack.push(input.float());
          break;
        case OP.NONE:
          this.stack.push(null);
          break;
        case OP.NEWTRUE:
          this.stack.push(true);
          break;
        case OP.NEWFALSE:
          this.stack.push(false);
          break;
        case OP.EMPTY_LIST:
          this.stack.push([]);
          break;
        case OP.EMPTY_DICT:
          this.stack.push(this.shapes.empty());
          break;
        case OP.EMPTY_TUPLE:
          this.stack.push([]);
          break;
        case OP.EMPTY_SET:
          this.stack.push(new Set());
          break;
        case OP.SETITEMS:
          this.setItems(this.toMark());
          break;
        case OP.SETITEM:
          this.setItems(this.topOf(3) + 1);
          break;
        case OP.APPENDS:
          this.append(this.toMark());
          break;
        case OP.APPEND:
          this.append(this.topOf(2) + 1);
          break;
        case OP.TUPLE:
          this.tuple(this.toMark());
          break;
        case OP.TUPLE1:
          this.tuple(this.topOf(1));
          break;
        case OP.TUPLE2:
          this.tuple(this.topOf(2));
          break;
        case OP.TUPLE3:
          this.tuple(this.topOf(3));
          break;
        case OP.STOP: {
          const value = this.globals.settled(this.stack[this.topOf(1)]);
          if (!this.shapes.isLearning) this.globals.assertComplete();
          return value;
        }
        default:
          this.seldom(op);
      }
    }
  }

  private seldom(op: number): void {
    const { input, stack } = this;
    switch (op) {
      case OP.LONG1:
        return void stack.push(input.integer(input.byte()));
      case OP.LONG4:
        return void stack.push(input.integer(input.length32()));
      case OP.SHORT_BINBYTES:
        return void stack.push(input.binary(input.byte()));
      case OP.BINBYTES:
        return void stack.push(input.binary(input.uint32()));
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return void stack.push(input.binary(input.uint64()));
      case OP.BINUNICODE8:
        return void stack.push(input.string(input.uint64()));
      case OP.LONG_BINGET:
        return this.get(input.uint32());
      case OP.LONG_BINPUT:
        return this.put(input.uint32());
      case OP.PROTO:
        return this.protocol(input.byte());
      case OP.FRAME:
        input.uint64();
        return;
      case OP.ADDITEMS:
        return this.addItems(this.toMark());
      case OP.FROZENSET: {
        const from = this.toMark();
        stack.splice(from, 0, new Set());
        return this.addItems(from + 1);
      }
      case OP.STACK_GLOBAL: {
        const from = this.topOf(2);
        const [module, name] = stack.splice(from);
        return void stack.push(this.globals.find(module, name));
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const from = this.topOf(2);
        const [callable, args] = stack.splice(from);
        const made = op === OP.REDUCE ? this.globals.reduce(callable, args) : this.globals.create(callable, args);
        return void stack.push(made);
      }
      case OP.NEWOBJ_EX: {
        const from = this.topOf(3);
        const [callable, args, keywords] = stack.splice(from);
        return void stack.push(this.globals.create(callable, args, keywords));
      }
      case OP.BUILD: {
        const state = stack[this.topOf(2) + 1];
        stack.pop();
        return this.globals.build(stack[stack.length - 1], state);
      }
      case OP.POP:
        if (stack.length > this.floor) stack.pop();
        else this.toMark();
        return;
      case OP.POP_MARK:
        stack.length = this.toMark();
        return;
      case OP.DUP: {
        const top = stack[this.topOf(1)];
        this.shapes.fetch(top);
        return void stack.push(top);
      }
      default:
        return this.older(op);
    }
  }

  /** What protocols 0 and 1 write, and what is refused. */
  private older(op: number): void {
    const { input, stack } = this;
    switch (op) {
      case OP.GET:
        return this.get(this.scalars.index());
      case OP.PUT:
        return this.put(this.scalars.index());
      case OP.LIST: {
        const from = this.toMark();
        stack.splice(from, 0, []);
        return this.append(from + 1);
      }
      case OP.DICT: {
        const from = this.toMark();
        stack.splice(from, 0, this.shapes.empty());
        return this.setItems(from + 1);
      }
      case OP.GLOBAL: {
        const module = input.name();
        return void stack.push(this.globals.find(module, input.name()));
      }
      case OP.INST: {
        const module = input.name();
        const type = this.globals.find(module, input.name());
        return void stack.push(this.globals.reduce(type, this.globals.watch(stack.splice(this.toMark()))));
      }
      case OP.OBJ: {
        const [type, ...args] = stack.splice(this.toMark());
        return void stack.push(this.globals.reduce(type, this.globals.watch(args)));
      }
      case OP.NEXT_BUFFER: {
        if (this.nextBuffer >= this.buffers.length)
          throw input.broken(`buffer ${this.nextBuffer} beside the pickle; given were ${this.buffers.length}`);
        return void stack.push(this.buffers[this.nextBuffer++]);
      }
      case OP.READONLY_BUFFER:
        this.topOf(1);
        return;
      default: {
        const value = Object.hasOwn(refused, op) ? undefined : this.scalars.read(op);
        if (value !== undefined) return void stack.push(value);
        throw input.broken(refused[op] ?? `0x${op.toString(16).padStart(2, "0")} is no instruction`);
      }
    }
  }

  private protocol(protocol: number): void {
    if (protocol > NEWEST_PROTOCOL)
      throw this.input.broken(`protocol ${protocol}; up to ${NEWEST_PROTOCOL} is understood`);
  }

  private put(index: number): void {
    const place = this.topOf(1);
    const value = this.stack[place];
    this.shapes.remember(place, index, value, this.memo);
    this.memo.put(index, value);
  }

  private get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.input.broken(`nothing is in the memo under ${index}`);
    if (typeof value !== "string") this.shapes.fetch(value);
    this.stack.push(value);
  }

  /** Where the top `count` values begin. */
  private topOf(count: number): number {
    const at = this.stack.length - count;
    if (at < this.floor) throw this.input.broken("the stack is too short");
    return at;
  }

  /** Where the values above the last mark begin; the mark is gone. */
  private toMark(): number {
    const at = this.marks.pop();
    if (at === undefined) throw this.input.broken("no mark is there");
    this.floor = this.marks.length === 0 ? 0 : this.marks[this.marks.length - 1];
    return at;
  }

  private tuple(from: number): void {
    this.stack.push(this.globals.watch(this.stack.splice(from)));
  }

  /** Appends stack[from…] to what lies below. */
  private append(from: number): void {
    const { stack, globals } = this;
    const target = from > this.floor ? stack[from - 1] : undefined;
    if (!Array.isArray(target)) return this.skipped(target, from, "what is no list gets elements");
    if (globals.hasAny) for (let i = from; i < stack.length; i++) target.push(globals.settled(stack[i]));
    else for (let i = from; i < stack.length; i++) target.push(stack[i]);
    stack.length = from;
  }

  private addItems(from: number): void {
    const { stack, globals } = this;
    const target = from > this.floor ? stack[from - 1] : undefined;
    if (!(target instanceof Set)) return this.skipped(target, from, "what is no set gets elements");
    for (let i = from; i < stack.length; i++) addTo(target, globals.settled(stack[i]), this.guard, globals);
    stack.length = from;
  }

  private setItems(from: number): void {
    const { stack, globals, shapes } = this;
    const end = stack.length;
    let target = from > this.floor ? stack[from - 1] : undefined;
    if ((end - from) % 2 === 1) throw this.input.broken("a key without a value");
    if (globals.hasAny) for (let i = from; i < end; i++) stack[i] = globals.settled(stack[i]);
    if (typeof target === "object" && target !== null && Object.getPrototypeOf(target) === Object.prototype) {
      let at = from;
      while (at < end && typeof stack[at] === "string") at += 2;
      if (at >= end) {
        for (at = from; at < end; at += 2) set(target as Record<string, unknown>, stack[at] as string, stack[at + 1]);
        stack.length = from;
        return;
      }
      target = shapes.toMap(stack, from - 1, this.memo);
    }
    if (target instanceof Unmade) shapes.learn(target, stack, from);
    if (!(target instanceof Map)) return this.skipped(target, from, "what is no dict gets keys");
    for (let at = from; at < end; at += 2) {
      setIn(target, stack[at], stack[at + 1], this.guard, globals);
    }
    stack.length = from;
  }

  /** While learning, what is not made takes everything. */
  private skipped(target: unknown, from: number, what: string): void {
    if (!(target instanceof Unmade)) throw this.input.broken(what);
    this.stack.length = from;
  }
}

/** `__proto__` is a key like any other. */
function set(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
