import { WAITS } from "../memory/object.layout.js";
import { arrayLock, ELEMENT_KINDS, valueBody, valueLock } from "../primitives/memory/values.layout.js";
import { ELEMENT_BYTES } from "./element-bytes.js";
import { elementOf } from "./element-of.js";
import { Damaged } from "./object-file.js";
import type { Findings, ObjectReading } from "./object-reading.js";
import { readLock } from "./read-lock.js";
import type { WaitView } from "./snapshot-model.js";

type Element = keyof typeof ELEMENT_KINDS;

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
    facts: { element: kind, length: Math.floor(reading.file.size / ELEMENT_BYTES[kind]) },
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
