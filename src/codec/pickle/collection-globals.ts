import { isHashable } from "./hashable.js";
import { KeyGuard } from "./key-guard.js";
import { PythonCounter } from "./python-counter.js";
import { PythonDefaultDict } from "./python-default-dict.js";
import { PythonDeque } from "./python-deque.js";
import { PythonGlobal, type ReadContext } from "./python-global.js";
import { PythonOrderedDict } from "./python-ordered-dict.js";
import { entriesOf } from "./state-fields.js";
import { arrayOfBytes, arrayOfItems } from "./typed-arrays.js";

const arrayType = new PythonGlobal("array", "array", {
  call: ([code, items], context) => {
    if (typeof code !== "string") throw context.broken("an array without a type");
    if (items instanceof Uint8Array || Array.isArray(items) || typeof items === "string") {
      context.charge(items.length);
      const array = arrayOfItems(code, typeof items === "string" ? items : [...items]);
      if (array !== undefined) return array;
    }
    throw context.broken(`an array of type ${JSON.stringify(code.slice(0, 10))} with other items`);
  },
});

export const collectionGlobals: readonly PythonGlobal[] = [
  new PythonGlobal("builtins", "set", { call: setOf }),
  new PythonGlobal("builtins", "frozenset", { call: setOf }),
  new PythonGlobal("collections", "OrderedDict", {
    call: ([items], context) => filled(new PythonOrderedDict(), items, context),
  }),
  new PythonGlobal("collections", "Counter", {
    call: ([items], context) => filled(new PythonCounter(), items, context),
  }),
  new PythonGlobal("collections", "defaultdict", {
    call: ([factory = null, items], context) => {
      if (factory !== null && !(factory instanceof PythonGlobal))
        throw context.broken("a defaultdict whose factory is no global");
      return filled(new PythonDefaultDict(factory === null ? null : factory.fullName), items, context);
    },
  }),
  new PythonGlobal("collections", "deque", {
    call: ([items = [], limit = null], context) => {
      if (!Array.isArray(items) || !(limit === null || (Number.isSafeInteger(limit) && (limit as number) >= 0)))
        throw context.broken("a deque of something else");
      context.charge(items.length);
      return new PythonDeque(items.map(context.settled, context), limit as number | null);
    },
  }),
  arrayType,
  new PythonGlobal("array", "_array_reconstructor", {
    call: ([type, code, format, bytes], context) => {
      if (
        type !== arrayType ||
        typeof code !== "string" ||
        typeof format !== "number" ||
        !(bytes instanceof Uint8Array)
      )
        throw context.broken("an array that is none");
      context.charge(bytes.length);
      const array = arrayOfBytes(format, bytes);
      if (array === undefined) throw context.broken(`an array of format ${format} and ${bytes.length} bytes`);
      return array;
    },
  }),
];

function setOf([items = []]: readonly unknown[], context: ReadContext): Set<unknown> {
  if (!Array.isArray(items) && !(items instanceof Set)) throw context.broken("a set of something else");
  const guard = new KeyGuard();
  const set = new Set<unknown>();
  context.charge(items instanceof Set ? items.size : items.length);
  for (const item of items) addTo(set, context.settled(item), guard, context);
  return set;
}

/** Adds what Python allows in a set. */
export function addTo(set: Set<unknown>, item: unknown, guard: KeyGuard, context: ReadContext): void {
  if (!isHashable(item)) throw context.broken("a set with an element that Python cannot hash");
  if (guard.collides(set, item)) throw context.broken("too many numbers in a set that collide");
  if (Number.isNaN(item) && set.has(item)) throw context.broken("a second NaN in a set; a Set holds one");
  set.add(item);
}

/** Sets what Python allows in a dict. */
export function setIn(
  map: Map<unknown, unknown>,
  key: unknown,
  value: unknown,
  guard: KeyGuard,
  context: ReadContext,
): void {
  if (typeof key !== "string") {
    if (!isHashable(key)) throw context.broken("a dict with a key that Python cannot hash");
    if (guard.collides(map, key)) throw context.broken("too many numbers as keys of a dict that collide");
    if (Number.isNaN(key) && map.has(key)) throw context.broken("a second NaN as key of a dict; a Map holds one");
  }
  map.set(key, value);
}

function filled(map: Map<unknown, unknown>, items: unknown, context: ReadContext): Map<unknown, unknown> {
  if (items === undefined) return map;
  const pairs = Array.isArray(items) ? items : entriesOf(items);
  if (pairs === undefined) throw context.broken("a dict of something else");
  const guard = new KeyGuard();
  context.charge(pairs.length);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw context.broken("a dict of something else");
    setIn(map, context.settled(pair[0]), context.settled(pair[1]), guard, context);
  }
  return map;
}
