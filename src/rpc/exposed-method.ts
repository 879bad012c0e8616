import { UsageError } from "../errors.js";
import { isPublicName } from "./public-name.js";

/** A method that may be called from outside, and what it is called on. */
export interface Method {
  readonly object: object | undefined;
  readonly call: (...args: unknown[]) => unknown;
}

const MOST_SHOWN = 20;
const DEEPEST_SHOWN = 3;

/**
 * The method that a path from outside names. Reached are enumerable own properties of plain objects, and of instances the
 * methods that their class and those above it have, but no properties: those are the instance's own business. Nothing of the
 * language's (`constructor`, `__proto__`, `then`, what all objects or functions have), no name that begins with `_` or `#`,
 * nothing behind a getter, which is not run, and nothing behind a function.
 *
 * @throws UsageError that names what there is
 */
export function exposedMethod(api: object, path: string | readonly string[]): Method {
  if (typeof path === "string") {
    const value = publicValue(api, path);
    if (typeof value === "function") return { object: api, call: value as Method["call"] };
    throw notExposed(api, path);
  }
  let object = api;
  let reached = "";
  for (const [depth, name] of path.entries()) {
    const value = publicValue(object, name);
    const isLast = depth === path.length - 1;
    if (isLast && typeof value === "function") return { object, call: value as Method["call"] };
    if (isLast || typeof value !== "object" || value === null) break;
    object = value;
    reached += `${name}.`;
  }
  throw notExposed(object, path.join("."), reached);
}

/** The names of all methods of an object that may be called from outside; not those of objects in it. */
export function exposedNames(api: object): string[] {
  const prototypes = isPlain(api) ? [] : classesOf(api);
  const all = prototypes.length > 0 ? prototypes.flatMap(Object.getOwnPropertyNames) : Object.keys(api);
  return [...new Set(all)].filter((name) => typeof publicValue(api, name) === "function");
}

/** `reached`: how far the path led, to `object`. */
function notExposed(object: object, name: string, reached = ""): UsageError {
  const names = namesOf(object).map((one) => `${reached}${one}`);
  const shown = names.length > MOST_SHOWN ? [...names.slice(0, MOST_SHOWN), "…"] : names;
  return new UsageError(`${name} is not exposed; exposed: ${shown.join(", ") || "nothing"}`);
}

function publicValue(object: object, name: string): unknown {
  if (!isPublicName(name)) return undefined;
  if (isPlain(object)) {
    const own = Object.getOwnPropertyDescriptor(object, name);
    return own?.enumerable ? own.value : undefined;
  }
  for (const prototype of classesOf(object)) {
    const found = Object.getOwnPropertyDescriptor(prototype, name);
    if (found) return typeof found.value === "function" ? found.value : undefined;
  }
  return undefined;
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

const knownClasses = new WeakMap<object, readonly object[]>();

/** The prototypes of an instance's class and those above it, as far as they are no language's own. */
function classesOf(object: object): readonly object[] {
  const first = Object.getPrototypeOf(object) as object | null;
  if (first === null) return [];
  const known = knownClasses.get(first);
  if (known) return known;
  const found: object[] = [];
  for (let above: object | null = first; above && !isBuiltIn(above); above = Object.getPrototypeOf(above))
    found.push(above);
  knownClasses.set(first, found);
  return found;
}

function isBuiltIn(prototype: object): boolean {
  const made = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof made !== "function" || /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(made));
}

function namesOf(api: object, depth = 0): string[] {
  const names = new Set<string>();
  const prototypes = isPlain(api) ? [] : classesOf(api);
  const all = prototypes.length > 0 ? prototypes.flatMap(Object.getOwnPropertyNames) : Object.keys(api);
  for (const name of all) {
    const value = publicValue(api, name);
    if (typeof value === "function") names.add(name);
    else if (typeof value === "object" && value !== null && depth < DEEPEST_SHOWN)
      for (const inner of namesOf(value, depth + 1)) names.add(`${name}.${inner}`);
    if (names.size > MOST_SHOWN) break;
  }
  return [...names];
}
