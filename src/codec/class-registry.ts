import { UsageError } from "../errors.js";
import { bufferPrototype } from "./buffer-prototype.js";
import { MAX_CLASS_NAME } from "./structured.layout.js";

/** How instances of a class become data and data becomes instances; Python's `__getstate__` and `__setstate__`. */
export interface ClassOptions<T> {
  /** The name in messages, the same on both sides; the class's own by default. Minifiers change that one. */
  name?: string;
  /** What is sent for an instance; by default its own enumerable string properties, as an object. */
  getState?(instance: T): unknown;
  /**
   * Makes an instance of what was sent. By default an object with the class's prototype gets the state's properties;
   * the constructor does not run.
   */
  setState?(state: unknown): T;
}

export type Constructor<T> = new (...args: never[]) => T;

/** A registered class as encoder and decoder see it. */
export interface Registration {
  readonly name: string;
  readonly prototype: object;
  readonly getState: ((instance: unknown) => unknown) | undefined;
  readonly setState: ((state: unknown) => unknown) | undefined;
  /** Its instances are errors: their state has `message`, `stack`, `cause` and `errors` too. */
  readonly isError: boolean;
  /** An instance without properties. */
  create(): object;
}

/** Classes whose instances have a state that no property shows: a prototype alone does not make one. */
const withInnerState: readonly { readonly name: string; readonly prototype: object }[] = [
  Array,
  ArrayBuffer,
  BigInt,
  Boolean,
  DataView,
  Date,
  Function,
  Map,
  Number,
  Promise,
  RegExp,
  Set,
  ...(typeof SharedArrayBuffer === "undefined" ? [] : [SharedArrayBuffer]), // not in every page
  String,
  WeakMap,
  WeakRef,
  WeakSet,
  Object.getPrototypeOf(Uint8Array) as Uint8ArrayConstructor,
];

const byName = new Map<string, Registration>();
const byPrototype = new Map<object, Registration>();

/**
 * Lets instances of a class travel in messages: they arrive as instances of the class that the receiver has registered
 * under the same name. Call it where the class is defined, so that whoever imports the class has it registered.
 *
 * By default the own enumerable string properties travel, getters are read, and the receiver's instance is made without
 * its constructor; private `#fields` are lost. `getState` and `setState` decide otherwise. The state comes from another
 * process: where that one is not trusted, `setState` has to check it. Nothing in a message can name other code to run.
 * An exact class is registered, not those that extend it.
 *
 * @example
 * class Point { constructor(readonly x = 0, readonly y = 0) {} }
 * registerClass(Point);
 *
 * @throws UsageError when another class has the name, when the class has another name, when it has none or is built
 * in, and when it extends a class with inner state (Map, Array, Date…) without `getState` and `setState`.
 */
export function registerClass<T>(type: Constructor<T>, options: ClassOptions<T> = {}): void {
  const registration = describe(type, options);
  const { name, prototype } = registration;
  const holder = byName.get(name);
  if (holder !== undefined && holder.prototype !== prototype)
    throw new UsageError(`registerClass: another class is registered as "${name}"; give this one a name of its own`);
  const known = byPrototype.get(prototype);
  if (known !== undefined && known.name !== name)
    throw new UsageError(`registerClass: the class is registered as "${known.name}" already, not as "${name}"`);
  byName.set(name, registration);
  byPrototype.set(prototype, registration);
}

/** The registration of the instances that have this prototype. */
export function registrationFor(prototype: object): Registration | undefined {
  return byPrototype.get(prototype);
}

export function registrationNamed(name: string): Registration | undefined {
  return byName.get(name);
}

function describe<T>(type: Constructor<T>, options: ClassOptions<T>): Registration {
  const prototype: unknown = typeof type === "function" ? type.prototype : undefined;
  if (typeof prototype !== "object" || prototype === null)
    throw new UsageError(`registerClass: the first argument is a class, not ${String(type)}`);
  const name = options.name ?? type.name;
  if (typeof name !== "string" || name.length === 0 || name.length > MAX_CLASS_NAME)
    throw new UsageError(
      `registerClass: a class needs a name of 1 to ${MAX_CLASS_NAME} characters, not ${JSON.stringify(name)}; set options.name`,
    );
  if (prototype === Object.prototype || prototype === bufferPrototype || (isNative(type) && isBuiltIn(prototype)))
    throw new UsageError(
      `registerClass: ${type.name} is built in; its values travel without registration, or not at all`,
    );
  const parent = isNative(type) ? type : withInnerState.find((one) => isAbove(one.prototype, prototype));
  if (parent !== undefined && (options.getState === undefined || options.setState === undefined))
    throw new UsageError(
      `registerClass: ${name} ${parent === type ? "is a class" : `extends ${parent.name},`} whose state is not in properties; set options.getState and options.setState`,
    );
  const isError = isAbove(Error.prototype, prototype);
  return {
    name,
    prototype,
    getState: options.getState as Registration["getState"],
    setState: options.setState as Registration["setState"],
    isError,
    create: isError ? () => Reflect.construct(Error, [], type) : () => Object.create(prototype),
  };
}

/** Not what a runtime adds in native code, such as a URL. */
function isBuiltIn(prototype: object): boolean {
  return [...withInnerState, Error].some((one) => one.prototype === prototype || isAbove(one.prototype, prototype));
}

function isAbove(above: object, object: object): boolean {
  return Object.prototype.isPrototypeOf.call(above, object);
}

/** True for a function of the engine's own, whose source nobody sees. */
export function isNative(type: object): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(type));
}
