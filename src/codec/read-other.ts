import { type Registration, registrationNamed } from "./class-registry.js";
import { CollisionGuard } from "./collision-guard.js";
import { readArrayBuffer, readView } from "./read-binary.js";
import { readError } from "./read-error.js";
import { MAX_REGEXP_COST, regexpCost } from "./regexp-cost.js";
import { MAX_CLASS_NAME, MAX_REGEXP_SOURCE, TAG, type TagName } from "./structured.layout.js";
import type { ValueReader } from "./value-reader.js";

type Read = (reader: ValueReader) => unknown;

const readers: Partial<Record<TagName, Read>> = {
  date: readDate,
  regexp: readRegExp,
  map: readMap,
  set: readSet,
  boxed: readBoxed,
  error: readError,
  arrayBuffer: readArrayBuffer,
  view: readView,
  instance: readInstance,
  handle: readHandle,
};

/** By tag: how what is no primitive, plain object or array is read. */
export const otherReaders: readonly (Read | undefined)[] = Array.from({ length: 0x100 }, (_, tag) => {
  const name = (Object.keys(readers) as TagName[]).find((one) => TAG[one] === tag);
  return name && readers[name];
});

function readDate(reader: ValueReader): Date {
  const date = new Date(reader.float64());
  reader.track(date);
  return date;
}

function readRegExp(reader: ValueReader): RegExp {
  const number = reader.trackLater();
  const source = reader.string();
  const flags = reader.string();
  if (source.length > MAX_REGEXP_SOURCE)
    throw reader.broken(
      `a regular expression of ${source.length.toLocaleString("en")} characters; at most ${MAX_REGEXP_SOURCE.toLocaleString("en")}`,
    );
  reader.regexpCost += regexpCost(source);
  if (reader.regexpCost > MAX_REGEXP_COST) throw reader.broken("regular expressions with too many Unicode properties");
  try {
    const regexp = new RegExp(source, flags);
    reader.trackAt(number, regexp);
    return regexp;
  } catch (cause) {
    throw reader.broken("a regular expression that is none", cause);
  }
}

function readMap(reader: ValueReader): Map<unknown, unknown> {
  const count = reader.count(2);
  reader.add(count);
  const map = new Map<unknown, unknown>();
  reader.track(map);
  const guard = new CollisionGuard(count);
  for (let left = count; left > 0; left--) {
    const key = reader.value();
    if (guard.collides(key)) throw reader.broken("keys that collide");
    map.set(key, reader.value());
  }
  return map;
}

function readSet(reader: ValueReader): Set<unknown> {
  const count = reader.count(1);
  reader.add(count);
  const set = new Set<unknown>();
  reader.track(set);
  const guard = new CollisionGuard(count);
  for (let left = count; left > 0; left--) {
    const element = reader.value();
    if (guard.collides(element)) throw reader.broken("keys that collide");
    set.add(element);
  }
  return set;
}

function readBoxed(reader: ValueReader): object {
  const number = reader.trackLater();
  const value = reader.value();
  if (!["boolean", "number", "string", "bigint"].includes(typeof value))
    throw reader.broken(`a ${typeof value} where a boxed primitive belongs`);
  const boxed: object = Object(value);
  reader.trackAt(number, boxed);
  return boxed;
}

function readHandle(reader: ValueReader): object {
  const number = reader.trackLater();
  const object = reader.handle();
  reader.trackAt(number, object);
  return object;
}

function readInstance(reader: ValueReader): unknown {
  const registration = readClass(reader);
  const { name, setState } = registration;
  if (setState !== undefined) {
    const number = reader.trackLater();
    const state = reader.value();
    let instance: unknown;
    try {
      instance = setState(state);
    } catch (cause) {
      throw reader.broken(`setState of class "${name}" threw`, cause);
    }
    reader.trackAt(number, instance);
    return instance;
  }
  const instance = registration.create();
  reader.track(instance);
  const state = reader.value();
  if (typeof state !== "object" || state === null || Object.getPrototypeOf(state) !== Object.prototype)
    throw reader.broken(`the state of class "${name}" is no plain object, and the class has no setState`);
  for (const [key, value] of Object.entries(state)) {
    const isQuiet = registration.isError && (errorProperties as readonly string[]).includes(key);
    Object.defineProperty(instance, key, { value, writable: true, enumerable: !isQuiet, configurable: true });
  }
  return instance;
}

/** What an error has and `console.log` does not list. */
const errorProperties = ["message", "stack", "cause", "errors"] as const;

function readClass(reader: ValueReader): Registration {
  const { classes } = reader;
  const number = reader.varint();
  if (number < classes.length) return classes[number];
  if (number > classes.length) throw reader.broken(`there is no class ${number}`);
  const name = reader.string();
  const registration = registrationNamed(name);
  if (registration === undefined)
    throw reader.broken(
      `an instance of class ${JSON.stringify(name.slice(0, MAX_CLASS_NAME))}, which is not registered here; import the module that calls registerClass for it`,
    );
  classes.push(registration);
  return registration;
}
