import { UsageError } from "../../errors.js";
import { checkName } from "../../memory/directory.js";
import type { Segment } from "../../memory/segment.js";
import { BLOCK, storeHead } from "../../rings/item-store.layout.js";
import { type Descriptor, registerKind, takeHandle } from "../handle.js";
import {
  createObject,
  type ObjectSpec,
  openObject,
  openOrCreateObject,
  type Place,
  takeObject,
} from "../shared-object.js";
import type { Queue } from "./queue.js";
import { DISCIPLINES, queueHead, queuePlan } from "./queue.layout.js";
import type { QueueOptions } from "./queue-options.js";

const DEFAULT_CAPACITY = 256 * 1024;
const LEAST_CAPACITY = 4096;
const MOST_CAPACITY = 2 ** 30;

/** What tells a kind of queue from the others. */
export interface QueueKind {
  readonly name: string;
  readonly discipline: (typeof DISCIPLINES)[number];
}

export function makeQueue(kind: QueueKind, name: string | undefined, options: QueueOptions): Place {
  const operation = name === undefined ? `new ${kind.name}()` : `${kind.name}.create()`;
  if (name !== undefined) checkName(name, operation);
  return createObject(specOf(kind, options, operation), name, options, operation);
}

export function openQueue(kind: QueueKind, name: string): Place {
  checkName(name, `${kind.name}.open()`);
  return openObject("queue", name, (segment) => examine(segment, kind));
}

export function openOrMakeQueue(kind: QueueKind, name: string, options: QueueOptions): Place {
  const operation = `${kind.name}.openOrCreate()`;
  checkName(name, operation);
  const spec = specOf(kind, options, operation);
  return openOrCreateObject(spec, name, options, (segment) => examine(segment, kind), operation);
}

type QueueClass = (place: Place, deadLetter: Queue<unknown> | undefined) => Queue<unknown>;
const queueClasses = new Map<string, QueueClass>();

/** Names the class of a discipline, so that a handle of it that arrives becomes one. */
export function registerQueue(kind: QueueKind, make: QueueClass): void {
  queueClasses.set(kind.discipline, make);
}

/** The queue of that name, of whatever discipline. @throws NotFoundError, MismatchError, also for a listener's */
export function openAnyQueue(name: string): Queue<unknown> {
  checkName(name, "Queue.open()");
  const place = openObject("queue", name, (segment) =>
    DISCIPLINES[segment.detail] === "listener" ? "it takes connections: somebody listens there" : examine(segment),
  );
  return queueAt(place, undefined);
}

function queueAt(place: Place, deadLetter: Queue<unknown> | undefined): Queue<unknown> {
  const make = queueClasses.get(DISCIPLINES[place.holding.segment.detail]) as QueueClass;
  return make(place, deadLetter);
}

registerKind("queue", (folder: string, descriptor: Descriptor) => {
  const nested = descriptor.deadLetter as Descriptor | undefined;
  const deadLetter = nested && (takeHandle(folder, nested) as Queue<unknown>);
  try {
    return queueAt(
      takeObject("queue", folder, descriptor, (segment) => examine(segment)),
      deadLetter,
    );
  } catch (error) {
    deadLetter?.close();
    throw error;
  }
});

/** The name of a queue's dead letters, if they have one. */
export function deadLetterName({ control, bodyOffset }: Segment): string {
  const bytes = new Uint8Array(control, bodyOffset + queueHead.offset.deadLetter, 208);
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.slice(0, end < 0 ? 0 : end)).toString();
}

function specOf(kind: QueueKind, options: QueueOptions, operation: string): ObjectSpec {
  const { capacity = DEFAULT_CAPACITY, maxAttached = 128, deadLetter } = options;
  if (!Number.isInteger(capacity) || capacity < LEAST_CAPACITY || capacity > MOST_CAPACITY)
    throw new UsageError(
      `${operation}: capacity is ${String(capacity)}; allowed: ${LEAST_CAPACITY} to ${MOST_CAPACITY} bytes`,
    );
  const maxItems = wholeNumber("maxItems", options.maxItems, 2 ** 31 - 1, operation);
  const maxDeliveries = wholeNumber("maxDeliveries", options.maxDeliveries, 2 ** 31 - 1, operation);
  if (deadLetter !== undefined && typeof deadLetter?.tryPut !== "function")
    throw new UsageError(`${operation}: deadLetter is ${String(deadLetter)}; allowed: a Queue`);
  const blocks = Math.ceil(capacity / BLOCK);
  const plan = queuePlan(maxAttached, blocks);
  return {
    kind: "queue",
    detail: DISCIPLINES.indexOf(kind.discipline),
    size: blocks * BLOCK,
    bodyBytes: plan.bytes,
    block: blocks * BLOCK,
    initialise({ words, bodyOffset, control }) {
      const body = bodyOffset / 4;
      const { array } = words;
      array[body + queueHead.word.discipline] = DISCIPLINES.indexOf(kind.discipline);
      array[body + queueHead.word.maxItems] = maxItems;
      array[body + queueHead.word.maxDeliveries] = maxDeliveries;
      Buffer.from(control, bodyOffset + queueHead.offset.deadLetter, 208).write(deadLetter?.name ?? "");
      array[body + plan.store + storeHead.word.blocks] = blocks;
      array[body + plan.store + storeHead.word.free] = blocks;
    },
  };
}

function wholeNumber(what: string, value: number | undefined, most: number, operation: string): number {
  if (value === undefined) return 0;
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new UsageError(
      `${operation}: ${what} is ${typeof value === "string" ? JSON.stringify(value) : value}; allowed: 1 to ${most.toLocaleString("en")}`,
    );
  return value;
}

/** What is wrong with a queue's segment; `kind` is what it must be, if anything. */
function examine({ detail, data, control, bodyOffset, maxAttached }: Segment, kind?: QueueKind): string | undefined {
  const discipline = DISCIPLINES[detail];
  if (discipline === undefined) return `its discipline ${detail} is none that this version has`;
  if (kind && kind.discipline !== discipline)
    return `it is a queue of discipline ${discipline}, not ${kind.discipline}`;
  const blocks = (data?.byteLength ?? 0) / BLOCK;
  if (!Number.isInteger(blocks) || blocks < 1) return `its ${data?.byteLength ?? 0} bytes are no whole blocks`;
  return control.byteLength < bodyOffset + queuePlan(maxAttached, blocks).bytes ? "its file is too short" : undefined;
}
