import { WAITS } from "../memory/object.layout.js";
import { arrayLock, ELEMENT_KINDS, valueBody, valueLock } from "../primitives/memory/values.layout.js";
import { Damaged } from "./object-file.js";
import type { Findings, ObjectReading } from "./object-reading.js";
import { readLock } from "./read-lock.js";
import type { WaitView } from "./snapshot-model.js";

type Element = keyof typeof ELEMENT_KINDS;
const BYTES: Readonly<Record<Element, number>> = {
  ...{ i8: 1, u8: 1, bool: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4, i64: 8, u64: 8, f64: 8 },
};

/** A shared value with what it is now, and its lock. */
export function readValue(reading: ObjectReading): Findings {
  const kind = elementKind(reading);
  const body = reading.file.body(0, valueBody.bytes);
  const lock = readLock(reading, valueLock);
  return {
    type: "SharedValue",
    ...lock,
    waits: [...changeWaits(reading), ...lock.waits],
    facts: { element: kind, value: elementOf(kind, body.subarray(valueBody.offset.value)) },
  };
}

/** A shared array; of its elements only how many there are. */
export function readArray(reading: ObjectReading): Findings {
  const kind = elementKind(reading);
  const lock = readLock(reading, arrayLock);
  return {
    type: "SharedArray",
    ...lock,
    waits: [...changeWaits(reading), ...lock.waits],
    facts: { element: kind, length: Math.floor(reading.file.size / BYTES[kind]) },
  };
}

function elementKind({ file }: ObjectReading): Element {
  const [kind] = Object.entries(ELEMENT_KINDS).find(([, number]) => number === file.detail) ?? [];
  if (kind === undefined) throw new Damaged(`its kind of element is ${file.detail}`);
  return kind as Element;
}

/** Whoever waits for a change has no ticket, only its bit. */
function changeWaits({ entries, isAlive, thread }: ObjectReading): Omit<WaitView, "object">[] {
  return entries
    .filter(({ isWaiting, waitsFor, owner }) => isWaiting && waitsFor === WAITS.change && isAlive(owner))
    .map(({ owner, sleeps }) => ({
      thread: thread(owner),
      waitsFor: "a change",
      blockers: [],
      endedBy: "others" as const,
      token: sleeps,
    }));
}

/** 64-bit integers as text, since JSON has no others; so are NaN and the infinities. */
function elementOf(kind: Element, bytes: Buffer): string | number | boolean {
  switch (kind) {
    case "i8":
      return bytes.readInt8(0);
    case "u8":
      return bytes.readUInt8(0);
    case "bool":
      return bytes.readUInt8(0) !== 0;
    case "i16":
      return bytes.readInt16LE(0);
    case "u16":
      return bytes.readUInt16LE(0);
    case "i32":
      return bytes.readInt32LE(0);
    case "u32":
      return bytes.readUInt32LE(0);
    case "i64":
      return String(bytes.readBigInt64LE(0));
    case "u64":
      return String(bytes.readBigUInt64LE(0));
    default: {
      const value = kind === "f32" ? bytes.readFloatLE(0) : bytes.readDoubleLE(0);
      return Number.isFinite(value) ? value : String(value);
    }
  }
}
