import { keyOfGlobal, knownGlobals } from "./known-globals.js";
import { NumpyArray } from "./numpy-array.js";
import { NumpyDtype } from "./numpy-dtype.js";
import { COPIES_PER_BYTE, MAX_UNKNOWN_ZONES } from "./pickle.layout.js";
import type { PickleInput } from "./pickle-input.js";
import { PythonGlobal, type ReadContext } from "./python-global.js";
import { PythonUuid } from "./python-uuid.js";
import { Unmade } from "./unmade.js";
import { instanceOf } from "./value-globals.js";

/** So much may be copied in any pickle, however short. */
const FREE_COPIES = 65_536;

/** What happens to the globals that a pickle names: looked up in tables, called, and never let into a value. */
export class GlobalStack implements ReadContext {
  /** False until the pickle names the first: then nothing has to be looked at. */
  hasAny = false;
  /** The pickle is read to learn about its dicts: nothing is called. */
  isLearning = false;

  /** Tuples in which a global lies: arguments of another one. */
  private readonly tainted = new Set<unknown>();
  private readonly makers = new Map<object, PythonGlobal>();
  private copies = 0;
  private unknownZones = 0;

  constructor(
    private readonly input: PickleInput,
    private readonly own: ReadonlyMap<string, PythonGlobal>,
  ) {}

  clear(): void {
    this.hasAny = false;
    this.isLearning = false;
    this.copies = 0;
    this.unknownZones = 0;
    this.tainted.clear();
    this.makers.clear();
  }

  broken(what: string, cause?: unknown): Error {
    return this.input.broken(what, cause);
  }

  charge(copied: number): void {
    this.copies += copied;
    if (this.copies > FREE_COPIES + COPIES_PER_BYTE * this.input.bytes.length)
      throw this.broken("the pickle has more copied than its length justifies");
  }

  unknownZone(): void {
    if (++this.unknownZones > MAX_UNKNOWN_ZONES)
      throw this.broken(`more than ${MAX_UNKNOWN_ZONES} time zones that are not known here`);
  }

  /** The global of that module and name, if it is allowed. */
  find(module: unknown, name: unknown): PythonGlobal {
    if (typeof module !== "string" || typeof name !== "string") throw this.broken("a global whose name is no str");
    const key = keyOfGlobal(module, name);
    const found = this.own.get(key) ?? knownGlobals.get(key);
    this.hasAny = true;
    if (found !== undefined) return found;
    const full = shortened(key.replace(":", "."));
    throw this.broken(
      `the global ${full} is not allowed; pickleCodec({ globals: { ${JSON.stringify(full)}: … } }) says what it becomes`,
    );
  }

  settled(value: unknown): unknown {
    if (!this.hasAny || typeof value !== "object" || value === null) return value;
    if (value instanceof PythonGlobal) {
      if ("value" in value.actions) return value.actions.value;
      throw this.broken(`the global ${value.fullName} is no value`);
    }
    if (this.tainted.delete(value)) {
      const items = value as unknown[];
      for (let i = 0; i < items.length; i++) items[i] = this.settled(items[i]);
    }
    return value;
  }

  /** A new tuple: globals may lie in it as long as it is not settled. */
  watch(tuple: unknown[]): unknown[] {
    if (this.hasAny && tuple.some((item) => item instanceof PythonGlobal || this.tainted.has(item)))
      this.tainted.add(tuple);
    return tuple;
  }

  reduce(callable: unknown, args: unknown): unknown {
    if (this.isLearning) return new Unmade(-1);
    const type = this.callable(callable);
    if (!Array.isArray(args)) throw this.broken(`${type.fullName} is called without a tuple`);
    if (type.module === "copyreg") return this.reconstruct(type, args);
    if (type.actions.call === undefined) throw this.broken(`the global ${type.fullName} is not one to call`);
    return this.made(type, () => type.actions.call?.(args, this));
  }

  create(callable: unknown, args: unknown, keywords: unknown = undefined): unknown {
    if (this.isLearning) return new Unmade(-1);
    const type = this.callable(callable);
    if (!Array.isArray(args)) throw this.broken(`an instance of ${type.fullName} without a tuple`);
    if (keywords !== undefined && !isEmpty(keywords))
      throw this.broken(`an instance of ${type.fullName} with keyword arguments`);
    return this.made(type, () => instanceOf(type, args, this));
  }

  build(instance: unknown, state: unknown): void {
    if (this.isLearning) return;
    const maker = this.makers.get(instance as object);
    if (maker?.actions.setState === undefined) {
      if (state === null || isEmpty(state)) return;
      throw this.broken("a state for what has none");
    }
    maker.actions.setState(instance as object, this.stateFor(maker, state), this);
  }

  /** What was made of a global, and is not an instance that its state would have completed. */
  assertComplete(): void {
    for (const [instance] of this.makers)
      if (
        (instance instanceof PythonUuid || instance instanceof NumpyArray || instance instanceof NumpyDtype) &&
        !Object.isFrozen(instance)
      )
        throw this.broken(`a ${instance.constructor.name} without its state`);
  }

  /** How protocols 0 and 1 make instances. */
  private reconstruct(by: PythonGlobal, args: readonly unknown[]): unknown {
    const [type, base, ...rest] = args;
    if (by.name === "__newobj__") {
      this.charge(args.length);
      return this.create(type, args.slice(1));
    }
    if (!(base instanceof PythonGlobal) || rest.length !== 1) throw this.broken("an instance without its base");
    if (base.fullName === "builtins.object") return this.create(type, []);
    // a named tuple's fields
    return this.create(type, base.fullName === "builtins.tuple" ? rest[0] : rest);
  }

  private callable(callable: unknown): PythonGlobal {
    if (callable instanceof PythonGlobal) return callable;
    throw this.broken("what is called is no global");
  }

  /** States of numpy's hold types beside values; all others are values. */
  private stateFor(maker: PythonGlobal, state: unknown): unknown {
    return maker.module.startsWith("numpy") ? state : this.settled(state);
  }

  private made(type: PythonGlobal, make: () => unknown): unknown {
    let value = make();
    if (value === undefined) value = null;
    const isObject = typeof value === "object" && value !== null && !(value instanceof PythonGlobal);
    if (isObject && type.actions.setState !== undefined && !this.makers.has(value as object))
      this.makers.set(value as object, type);
    return value;
  }
}

function isEmpty(dict: unknown): boolean {
  if (dict instanceof Map) return dict.size === 0;
  return (
    typeof dict === "object" &&
    dict !== null &&
    Object.getPrototypeOf(dict) === Object.prototype &&
    Object.keys(dict).length === 0
  );
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
