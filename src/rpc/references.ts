import { HANDLE } from "../codec.js";
import { ProtocolError, UsageError } from "../errors.js";
import { DEEPEST, REFERENCE, type Reference } from "./calls.layout.js";

type Path = (string | number)[];

/** What goes along beside a value. */
export interface Parted {
  readonly value: unknown;
  readonly refs: Reference[] | undefined;
}

const MOST_REFERENCES = 1024;
const MOST_STEPS = 64;

/**
 * Takes what cannot be sent as a value (functions, signals, sequences) out of it: `name` gives each its kind and number. What holds
 * them is copied, once however often it stands there; nothing of the caller's is changed, and a value with none of them is given
 * as it is.
 */
export function partValue(
  value: unknown,
  name: (found: object, kind: number) => readonly [kind: number, id: number],
): Parted {
  if (!holdsReference(value, DEEPEST, undefined)) return { value, refs: undefined };
  const refs: Reference[] = [];
  const copies = new Map<object, object>();
  const copyOf = (one: unknown, path: Path): unknown => {
    if (typeof one !== "object" ? typeof one !== "function" : one === null) return one;
    const kind = kindOf(one as object);
    if (kind !== 0) {
      if (refs.length === MOST_REFERENCES)
        throw new UsageError(`a call with more than ${MOST_REFERENCES} functions, signals and sequences in its values`);
      refs.push([path, ...name(one as object, kind)]);
      return null;
    }
    if (path.length >= DEEPEST || !isSearched(one as object)) return one;
    const known = copies.get(one as object);
    if (known) return known;
    const copy: object = Array.isArray(one) ? new Array(one.length) : {};
    copies.set(one as object, copy);
    for (const [key, inside] of Object.entries(one as object)) {
      const content = copyOf(inside, [...path, Array.isArray(one) ? Number(key) : key]);
      // defined, not assigned: a key `__proto__` is a key like any other
      Object.defineProperty(copy, key, { value: content, enumerable: true, writable: true, configurable: true });
    }
    return copy;
  };
  return { value: copyOf(value, []), refs };
}

/** Whether there is anything to be taken out. `known`: how deep what was looked into holds nothing; this also ends cycles. */
function holdsReference(value: unknown, depth: number, known: Map<object, number> | undefined): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "function";
  if (!isSearched(value)) return kindOf(value) !== 0;
  if (depth === 0 || (known && (known.get(value) ?? 0) >= depth)) return false;
  if (!Array.isArray(value) && kindOf(value) !== 0) return true;
  let seen = known;
  for (const one of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof one === "function") return true;
    if (typeof one !== "object" || one === null) continue;
    seen ??= new Map();
    seen.set(value, depth);
    if (holdsReference(one, depth - 1, seen)) return true;
  }
  return false;
}

/**
 * Puts what came along back where it belongs in a value that was received.
 *
 * @throws ProtocolError for references that do not fit the value
 */
export function joinValue(value: unknown, refs: unknown, make: (kind: number, id: number) => unknown): unknown {
  if (refs === undefined || refs === null) return value;
  if (!Array.isArray(refs) || refs.length > MOST_REFERENCES) throw malformed("its references are no list, or too many");
  const root = { value };
  for (const ref of refs) {
    if (!Array.isArray(ref) || !Array.isArray(ref[0]) || ref[0].length > MOST_STEPS)
      throw malformed("a reference is none");
    const [path, kind, id] = ref as unknown as Reference;
    if (!isId(id)) throw malformed(`a reference's id is ${String(id)}`);
    const steps: Path = ["value", ...path];
    const last = steps.pop() as string | number;
    let holder: unknown = root;
    for (const step of steps) holder = own(holder, step);
    if (own(holder, last) !== null) throw malformed("a reference points at a value");
    (holder as Record<string | number, unknown>)[last] = make(kind, id);
  }
  return root.value;
}

export const isId = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;

function own(holder: unknown, step: unknown): unknown {
  const isStep = typeof step === "string" || typeof step === "number";
  if (typeof holder === "object" && holder !== null && isStep && Object.hasOwn(holder, step))
    return (holder as Record<string | number, unknown>)[step];
  throw malformed("a reference leads nowhere");
}

function kindOf(value: object): number {
  if (typeof value === "function") return REFERENCE.function;
  if (HANDLE in value) return 0; // a queue or a connection's end goes along as the object that it is
  if (value instanceof AbortSignal) return REFERENCE.signal;
  if (value instanceof WritableStream) return REFERENCE.sink;
  return isSequence(value) ? REFERENCE.sequence : 0;
}

/** Whether a value is sent item by item: what can be iterated asynchronously, and what only an iteration is. */
function isSequence(value: object): boolean {
  if (Symbol.asyncIterator in value) return true;
  return Symbol.iterator in value && typeof (value as { next?: unknown }).next === "function";
}

/** Whether references are looked for in it: plain objects and arrays. */
function isSearched(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const malformed = (what: string): ProtocolError => new ProtocolError(`a message of a call is malformed: ${what}`);
