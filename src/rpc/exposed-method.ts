import { UsageError } from "../errors.js";

/** A method that may be called from outside, and what it is called on. */
export interface Method {
  readonly object: object;
  readonly call: (...args: unknown[]) => unknown;
}

/** Names that lead to the language's own machinery, whoever defines them. */
const FORBIDDEN = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Function.prototype),
  "then",
  "prototype",
  "toJSON",
]);
const MOST_SHOWN = 20;
const DEEPEST_SHOWN = 3;

/**
 * The method that a path from outside names. Reached are enumerable own properties of plain objects, and the methods that
 * an instance has from its own class and those above it; nothing of the language's own (`constructor`, `__proto__`,
 * `then`, what all objects or functions have), no name that begins with `_` or `#`, nothing behind a getter, which is not
 * run, and nothing behind a function.
 *
 * @throws UsageError that names what there is
 */
export function exposedMethod(api: object, path: readonly unknown[], label: string): Method {
  let object = api;
  for (const [depth, name] of path.entries()) {
    const value = typeof name === "string" && isPublic(name) ? publicValue(object, name) : undefined;
    const isLast = depth === path.length - 1;
    if (isLast && typeof value === "function") return { object, call: value as Method["call"] };
    if (isLast || typeof value !== "object" || value === null) break;
    object = value;
  }
  const names = namesOf(api);
  const shown = names.length > MOST_SHOWN ? [...names.slice(0, MOST_SHOWN), "…"] : names;
  throw new UsageError(
    `${label}: ${path.map(String).join(".")} is not exposed; exposed: ${shown.join(", ") || "nothing"}`,
  );
}

const isPublic = (name: string): boolean => !FORBIDDEN.has(name) && !name.startsWith("_") && !name.startsWith("#");

function publicValue(object: object, name: string): unknown {
  const own = Object.getOwnPropertyDescriptor(object, name);
  if (own) return own.enumerable ? own.value : undefined;
  for (const prototype of classesOf(object)) {
    const found = Object.getOwnPropertyDescriptor(prototype, name);
    if (found) return typeof found.value === "function" ? found.value : undefined;
  }
  return undefined;
}

/** The prototypes of an instance's class and those above it, as far as they are no language's own. */
function* classesOf(object: object): Generator<object> {
  let prototype: object | null = Object.getPrototypeOf(object);
  while (prototype && !isBuiltIn(prototype)) {
    yield prototype;
    prototype = Object.getPrototypeOf(prototype);
  }
}

function isBuiltIn(prototype: object): boolean {
  const made = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof made !== "function" || /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(made));
}

function namesOf(api: object, depth = 0): string[] {
  const names = new Set<string>();
  for (const name of Object.keys(api)) {
    const value = isPublic(name) ? publicValue(api, name) : undefined;
    if (typeof value === "function") names.add(name);
    else if (typeof value === "object" && value !== null && depth < DEEPEST_SHOWN)
      for (const inner of namesOf(value, depth + 1)) names.add(`${name}.${inner}`);
    if (names.size > MOST_SHOWN) break;
  }
  for (const prototype of classesOf(api))
    for (const name of Object.getOwnPropertyNames(prototype))
      if (isPublic(name) && typeof publicValue(api, name) === "function") names.add(name);
  return [...names];
}
