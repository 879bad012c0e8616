import assert from "node:assert/strict";
import { types } from "node:util";

/** What each built-in class keeps besides its properties, and the objects in it. */
interface Contents {
  readonly kind: string;
  readonly state: readonly unknown[];
  readonly parts: readonly unknown[];
}

/**
 * Asserts that two values are the same graph: the same primitives (-0 is not 0, NaN is NaN), classes, order of keys and
 * entries, holes, and the same objects in the same places. Unlike deepStrictEqual it takes two Invalid Dates as equal,
 * sees whether views have a buffer in common, and does not take a copy for a reference.
 */
export function assertSameGraph(actual: unknown, expected: unknown): void {
  const partners = new Map<object, object>();
  const taken = new Set<object>();
  const open: [unknown, unknown, string][] = [[actual, expected, "value"]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [a, b, path] = next;
    if (!isObject(a) || !isObject(b)) {
      assert.ok(Object.is(a, b), `${path}: ${String(a)} is not ${String(b)}`);
      continue;
    }
    const partner = partners.get(b);
    assert.ok(partner === undefined ? !taken.has(a) : partner === a, `${path}: another object than before`);
    if (partner !== undefined) continue;
    partners.set(b, a);
    taken.add(a);
    const [seen, wanted] = [contentsOf(a), contentsOf(b)];
    assert.equal(Object.getPrototypeOf(a), Object.getPrototypeOf(b), `${path}: prototype`);
    assert.equal(seen.kind, wanted.kind, `${path}: kind`);
    assert.deepEqual(seen.state, wanted.state, `${path}: ${seen.kind}`);
    assert.equal(seen.parts.length, wanted.parts.length, `${path}: how much is in it`);
    for (const [index, part] of wanted.parts.entries()) open.push([seen.parts[index], part, `${path}(${index})`]);
    const keys = ownKeys(b);
    assert.deepEqual(ownKeys(a), keys, `${path}: keys`);
    for (const key of keys) {
      const ours = Object.getOwnPropertyDescriptor(a, key);
      const theirs = Object.getOwnPropertyDescriptor(b, key);
      assert.equal(ours?.enumerable, theirs?.enumerable, `${path}.${key}: enumerable`);
      const values = [a, b].map((object) => (object as Record<string, unknown>)[key]);
      open.push([values[0], values[1], `${path}.${key}`]);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The elements of typed arrays are compared as bytes. Properties of errors are not enumerable. */
function ownKeys(object: object): string[] {
  if (ArrayBuffer.isView(object)) return [];
  if (types.isNativeError(object)) return Object.getOwnPropertyNames(object).sort();
  return Object.keys(object);
}

function contentsOf(object: object): Contents {
  if (types.isMap(object)) return { kind: "Map", state: [], parts: [...object].flat() };
  if (types.isSet(object)) return { kind: "Set", state: [], parts: [...object] };
  if (types.isDate(object)) return { kind: "Date", state: [object.getTime()], parts: [] };
  if (types.isRegExp(object))
    return { kind: "RegExp", state: [object.source, object.flags, object.lastIndex], parts: [] };
  if (types.isBoxedPrimitive(object)) return { kind: "boxed", state: [], parts: [object.valueOf()] };
  if (types.isArrayBuffer(object)) return { kind: "ArrayBuffer", state: [...new Uint8Array(object)], parts: [] };
  if (ArrayBuffer.isView(object)) {
    const bytes = new Uint8Array(object.buffer, object.byteOffset, object.byteLength);
    return { kind: Object.prototype.toString.call(object), state: [...bytes], parts: [] };
  }
  if (Array.isArray(object)) return { kind: "Array", state: [object.length], parts: [] };
  return { kind: types.isNativeError(object) ? "Error" : "Object", state: [], parts: [] };
}
