import { types } from "node:util";
import { CodecError } from "../errors.js";
import { isNative, registrationFor } from "./class-registry.js";
import { CollisionGuard } from "./collision-guard.js";
import { HANDLE } from "./handle.js";
import { classRefusal, EntryStep, refusal } from "./refusal.js";
import { MAX_REGEXP_COST, regexpCost } from "./regexp-cost.js";
import { MAX_REGEXP_SOURCE, TAG } from "./structured.layout.js";
import type { ValueWriter } from "./value-writer.js";
import { viewPrototypes, writeArrayBuffer, writeView } from "./write-binary.js";
import { errorPrototypes, isError, writeError } from "./write-error.js";
import { writeInstance } from "./write-instance.js";

type Write<T extends object> = (writer: ValueWriter, value: T, position: number) => number;

/** A built-in class: how its values are recognised, whatever their prototype, and written. */
interface BuiltIn {
  readonly prototypes: readonly object[];
  readonly is: (value: object) => boolean;
  readonly write: Write<never>;
}

const builtIns: readonly BuiltIn[] = [
  { prototypes: [Map.prototype], is: types.isMap, write: writeMap },
  { prototypes: [Set.prototype], is: types.isSet, write: writeSet },
  { prototypes: [Date.prototype], is: types.isDate, write: writeDate },
  { prototypes: viewPrototypes, is: ArrayBuffer.isView, write: writeView },
  { prototypes: [ArrayBuffer.prototype], is: types.isArrayBuffer, write: writeArrayBuffer },
  { prototypes: [RegExp.prototype], is: types.isRegExp, write: writeRegExp },
  { prototypes: errorPrototypes, is: isError, write: writeError },
  { prototypes: [Number, String, Boolean, BigInt].map((one) => one.prototype), is: isBoxed, write: writeBoxed },
];

const byPrototype = new Map(builtIns.flatMap((one) => one.prototypes.map((prototype) => [prototype, one] as const)));

/** Writes an object that is neither a plain one nor an array of this realm. */
export function writeOther(writer: ValueWriter, value: object, prototype: object | null, position: number): number {
  if (types.isProxy(value)) throw refusal(value, writer.openPath);
  if (prototype !== null) {
    const likely = byPrototype.get(prototype);
    if (likely?.is(value)) return likely.write(writer, value as never, position);
    const registration = registrationFor(prototype);
    if (registration !== undefined) return writeInstance(writer, value, registration, position);
  }
  if (HANDLE in value) return writer.tagged(TAG.handle, writer.handles.push(value) - 1, position);
  if (Array.isArray(value)) return writer.array(value, position);
  const found = builtIns.find((one) => one.is(value));
  if (found !== undefined) return found.write(writer, value as never, position);
  const maker = makerOf(prototype);
  if (maker !== undefined && !isNative(maker)) throw classRefusal(maker.name, writer.openPath);
  if (maker !== undefined || Object.prototype.toString.call(value) !== "[object Object]")
    throw refusal(value, writer.openPath);
  return writer.object(value as Record<string, unknown>, position);
}

/** The class of an object; undefined for what is no class's instance, such as `Object.create(null)`. */
function makerOf(prototype: object | null): { readonly name: string } | undefined {
  for (let above = prototype; above !== null; above = Object.getPrototypeOf(above) as object | null) {
    const maker: unknown = Object.getOwnPropertyDescriptor(above, "constructor")?.value;
    if (typeof maker !== "function") continue;
    const isRoot = Object.getPrototypeOf(above) === null && Object.hasOwn(above, "isPrototypeOf");
    return isRoot ? undefined : maker;
  }
  return undefined;
}

function writeMap(writer: ValueWriter, map: Map<unknown, unknown>, position: number): number {
  const entries: unknown[] = [];
  Map.prototype.forEach.call(map, (value, key) => entries.push(key, value));
  const count = entries.length / 2;
  writer.add(count);
  let at = writer.tagged(TAG.map, count, position);
  const guard = new CollisionGuard(count);
  for (let index = 0; index < count; index++) {
    const key = entries[2 * index];
    if (guard.collides(key)) throw colliding(writer);
    const value = entries[2 * index + 1];
    at = isAtom(key) ? writer.value(key, at) : writer.child(new EntryStep("key", index, key), key, at);
    at = isAtom(value) ? writer.value(value, at) : writer.child(new EntryStep("value", index, key), value, at);
  }
  return at;
}

function writeSet(writer: ValueWriter, set: Set<unknown>, position: number): number {
  const elements: unknown[] = [];
  Set.prototype.forEach.call(set, (element) => elements.push(element));
  writer.add(elements.length);
  let at = writer.tagged(TAG.set, elements.length, position);
  const guard = new CollisionGuard(elements.length);
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index];
    if (guard.collides(element)) throw colliding(writer);
    at = isAtom(element)
      ? writer.value(element, at)
      : writer.child(new EntryStep("element", index, index), element, at);
  }
  return at;
}

function colliding(writer: ValueWriter): CodecError {
  return new CodecError(
    `encode: too many numbers or bigints with the same hash are keys, at ${writer.openPath}; no receiver would take them, because they make a Map slow`,
  );
}

/** True for what is never refused, so that no error has to say where it is. */
function isAtom(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function writeDate(writer: ValueWriter, date: Date, position: number): number {
  return writer.float(TAG.date, Date.prototype.getTime.call(date), position);
}

function writeRegExp(writer: ValueWriter, { source, flags }: RegExp, position: number): number {
  if (source.length > MAX_REGEXP_SOURCE)
    throw new CodecError(
      `encode: a regular expression of ${source.length.toLocaleString("en")} characters, at ${writer.openPath}; at most ${MAX_REGEXP_SOURCE.toLocaleString("en")}`,
    );
  writer.regexpCost += regexpCost(source);
  if (writer.regexpCost > MAX_REGEXP_COST)
    throw new CodecError(
      `encode: the regular expressions have more than ${MAX_REGEXP_COST.toLocaleString("en")} Unicode properties, at ${writer.openPath}; one of strings counts as 100`,
    );
  return writer.string(flags, writer.string(source, writer.byte(TAG.regexp, position)));
}

function isBoxed(value: object): boolean {
  return types.isBoxedPrimitive(value) && !types.isSymbolObject(value);
}

function writeBoxed(writer: ValueWriter, boxed: object, position: number): number {
  const at = writer.byte(TAG.boxed, position);
  if (types.isNumberObject(boxed)) return writer.number(Number.prototype.valueOf.call(boxed), at);
  if (types.isStringObject(boxed)) return writer.string(String.prototype.valueOf.call(boxed), at);
  if (types.isBooleanObject(boxed)) return writer.value(Boolean.prototype.valueOf.call(boxed), at);
  return writer.value(BigInt.prototype.valueOf.call(boxed), at);
}
