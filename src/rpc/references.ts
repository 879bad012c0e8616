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
 * them is copied, nothing of the caller's is changed; a value with none of them is given as it is.
 */
export function partValue(
  value: unknown,
  name: (found: object, kind: number) => readonly [kind: number, id: number],
): Parted {
  const refs: Reference[] = [];
  const path: Path = [];
  const above: object[] = [];

  const visit = (one: unknown): unknown => {
    if (typeof one !== "object" ? typeof one !== "function" : one === null) return one;
    const kind = kindOf(one as object);
    if (kind !== 0) {
      if (refs.length === MOST_REFERENCES)
        throw new UsageError(`a call with more than ${MOST_REFERENCES} functions, signals and sequences in its values`);
      refs.push([path.slice(), ...name(one as object, kind)]);
      return null;
    }
    if (path.length >= DEEPEST || above.includes(one as object)) return one;
    above.push(one as object);
    const copy = Array.isArray(one)
      ? visitArray(one)
      : isPlain(one as object)
        ? visitObject(one as Record<string, unknown>)
        : one;
    above.pop();
    return copy;
  };

  const visitArray = (array: readonly unknown[]): unknown => {
    let copy: unknown[] | undefined;
    for (let index = 0; index < array.length; index++) {
      const one = array[index];
      if (typeof one !== "object" && typeof one !== "function") continue;
      path.push(index);
      const visited = visit(one);
      path.pop();
      if (visited === one) continue;
      copy ??= array.slice();
      copy[index] = visited;
    }
    return copy ?? array;
  };

  const visitObject = (object: Record<string, unknown>): unknown => {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(object)) {
      const one = object[key];
      if (typeof one !== "object" && typeof one !== "function") continue;
      path.push(key);
      const visited = visit(one);
      path.pop();
      if (visited === one) continue;
      copy ??= { ...object };
      copy[key] = visited;
    }
    return copy ?? object;
  };

  const parted = visit(value);
  return { value: parted, refs: refs.length > 0 ? refs : undefined };
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
  if (value instanceof AbortSignal) return REFERENCE.signal;
  return isSequence(value) ? REFERENCE.sequence : 0;
}

/** Whether a value is sent item by item: what can be iterated asynchronously, and what only an iteration is. */
export function isSequence(value: object): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (HANDLE in value) return false; // a queue or a connection's end goes along as the object that it is
  if (Symbol.asyncIterator in value) return true;
  return Symbol.iterator in value && typeof (value as { next?: unknown }).next === "function";
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const malformed = (what: string): ProtocolError => new ProtocolError(`a message of a call is malformed: ${what}`);
