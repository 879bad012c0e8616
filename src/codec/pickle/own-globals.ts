import { UsageError } from "../../errors.js";
import type { Constructor } from "../class-registry.js";
import { keyOfGlobal } from "./known-globals.js";
import type { WriteObject } from "./pickle-writer.js";
import { PythonGlobal, type ReadContext } from "./python-global.js";
import { PythonTuple } from "./python-tuple.js";
import { entriesOf } from "./state-fields.js";
import { WrittenGlobal } from "./written-global.js";

/**
 * What one global of Python's is here: a class, an enumeration, a function or a constant. Its functions get data from
 * another process: where that one is not trusted, they have to check it. They may run more than once for one message,
 * and what they throw makes `decode` a CodecError.
 */
export interface PickleGlobal<T = unknown> {
  /** Instances of exactly this class are written as instances of the global. */
  class?: Constructor<T>;
  /**
   * Makes a value of the arguments that Python gives with it. By default an object with the class's prototype, whose
   * constructor does not run, and no arguments are allowed.
   */
  create?(...args: unknown[]): T;
  /** Gives a value its state, Python's `__dict__`. By default the state's entries become its own properties. */
  setState?(value: T, state: unknown): void;
  /** The arguments that Python is to call the class with. By default it is not called: an instance gets its state. */
  getArguments?(value: T): readonly unknown[];
  /** The state for Python's `__setstate__` or `__dict__`; an Array is a tuple. By default, without getArguments, the own enumerable properties. */
  getState?(value: T): unknown;
  /** What stands for the global itself, where it is not called: both ways. */
  value?: unknown;
}

/** By full name, `"shop.models.Order"`; with a colon before the first name in the module where that is nested. */
export type PickleGlobals = Readonly<Record<string, PickleGlobal | ((...args: unknown[]) => unknown)>>;

/** What a user's globals mean for reading and for writing. */
export interface OwnGlobals {
  readonly read: ReadonlyMap<string, PythonGlobal>;
  readonly writers: readonly (readonly [object, WriteObject])[];
  readonly constants: ReadonlyMap<unknown, WrittenGlobal>;
}

/** @throws UsageError for a name that is none, and for one that says nothing. */
export function ownGlobals(globals: PickleGlobals): OwnGlobals {
  const read = new Map<string, PythonGlobal>();
  const writers: [object, WriteObject][] = [];
  const constants = new Map<unknown, WrittenGlobal>();
  for (const [fullName, one] of Object.entries(globals)) {
    const match = /^([^:\n]+):([^:\n]+)$/.exec(fullName) ?? /^([^:\n]+)\.([^:.\n]+)$/.exec(fullName);
    if (match === null)
      throw new UsageError(
        `pickleCodec: ${JSON.stringify(fullName)} names no global; allowed: "module.Name" or "module:Outer.Inner"`,
      );
    const [, module, name] = match;
    const entry: PickleGlobal = typeof one === "function" ? { create: one } : one;
    const says = typeof entry === "object" && entry !== null;
    if (!says || (entry.class === undefined && entry.create === undefined && !("value" in entry)))
      throw new UsageError(`pickleCodec: ${fullName} needs class, create or value`);
    read.set(keyOfGlobal(module, name), readable(module, name, entry));
    const written = new WrittenGlobal(module, name);
    if ("value" in entry) constants.set(entry.value, written);
    if (entry.class !== undefined) writers.push([entry.class.prototype as object, writer(entry, written)]);
  }
  return { read, writers, constants };
}

function readable(module: string, name: string, entry: PickleGlobal): PythonGlobal {
  const fullName = `${module}.${name}`;
  const make = (args: readonly unknown[], context: ReadContext): unknown => {
    context.charge(args.length);
    const settled = args.map((arg) => context.settled(arg));
    if (entry.create !== undefined) return entry.create(...settled);
    if (args.length > 0) throw context.broken(`${fullName} with arguments; give it create()`);
    return Object.create((entry.class as Constructor<unknown>).prototype as object);
  };
  const setState = (instance: object, state: unknown, context: ReadContext): void => {
    if (entry.setState !== undefined) entry.setState(instance, state);
    else setProperties(instance, state, fullName, context);
  };
  const isMade = entry.create !== undefined || entry.class !== undefined;
  return new PythonGlobal(module, name, {
    ...(isMade ? { call: make, create: make, setState } : {}),
    ...("value" in entry ? { value: entry.value } : {}),
  });
}

/** Python's state is a dict, or a dict and one of slots. */
function setProperties(instance: object, state: unknown, fullName: string, context: ReadContext): void {
  const dicts = Array.isArray(state) && state.length === 2 ? state : [state];
  for (const dict of dicts) {
    if (dict === null) continue;
    const entries = entriesOf(dict);
    if (entries === undefined) throw context.broken(`a state of ${fullName} that is no dict; give it setState()`);
    context.charge(entries.length);
    for (const [key, value] of entries) {
      if (typeof key !== "string") throw context.broken(`a state of ${fullName} with a key that is no str`);
      Object.defineProperty(instance, key, { value, enumerable: true, configurable: true, writable: true });
    }
  }
}

function writer(entry: PickleGlobal, type: WrittenGlobal): WriteObject {
  return (writer, value) => {
    const args = entry.getArguments?.(value) ?? [];
    const isCalled = entry.getArguments !== undefined;
    const state = entry.getState !== undefined ? entry.getState(value) : isCalled ? undefined : { ...value };
    writer.call(value, type, args, {
      isNew: !isCalled,
      ...(state === undefined ? {} : { state: Array.isArray(state) ? new PythonTuple(state) : state }),
    });
  };
}
