// A process or worker thread that does what it is told: takes a place in the registry, makes and holds objects.
import { mkdirSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { attach, pipe, SharedArray, SharedMemory, SharedValue, share } from "interproc";
import { join, leave } from "#src/memory/attachments.js";
import type { Registry } from "#src/memory/registry.js";
import { openSegment, type Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { unfinishedFolder } from "#src/primitives/flight.js";
import { lifeLine } from "#src/processes/life-line.js";
import { makeValue } from "../memory/make-value.js";
import { inLoop, setWord } from "../sync/word-wait.js";

/** Tickets for a value, for one end of a pipe, and for its other end. */
export interface Litter {
  readonly value: string;
  readonly end: string;
  readonly pipe: string;
}

const kept: unknown[] = [];
const held = new Map<string, { segment: Segment; index: number }>();

const segmentOf = (name: string): Segment => (held.get(name) as { segment: Segment }).segment;

const orders = {
  /** Its owner word. */
  attach: (): number => registry().self,
  isAlive: (owner: number): boolean => registry().isAlive(owner),
  create: (name: string, maxAttached?: number): string => {
    const segment = makeValue(registry(), { name, ...(maxAttached && { maxAttached }) });
    held.set(name, { segment, index: 0 });
    return segment.id;
  },
  dieInitialising: (): void => {
    makeValue(registry(), { name: "unborn", initialise: () => process.kill(process.pid, "SIGKILL") });
  },
  /** The line by which its children would notice its end. */
  keepLifeLine: (): string => lifeLine(),
  /** One of each thing that a process can have: objects, handles in flight, a carrier that is not finished. */
  litter: (name: string): Litter => {
    const value = SharedValue.create<"i32">(name, "i32", 7);
    const [near, far] = pipe();
    const [mine, theirs] = pipe();
    near.trySend(new SharedArray("u8", 4));
    kept.push(value, near, far, mine, new SharedMemory({ size: 4096 }));
    lifeLine();
    mkdirSync(unfinishedFolder(`spawn-${name}`));
    return { value: share(value), end: share(theirs), pipe: share(mine) };
  },
  take: (ticket: string): void => void kept.push(attach(ticket)),
  open: (name: string, path?: string): string => {
    const home: Registry = registry();
    const segment = openSegment(home, path ?? `${home.directory}/${name}`, "value", name);
    held.set(name, { segment, index: join(segment) });
    return segment.id;
  },
  set: (name: string, word: number, value: number, wakes = true): void => setWord(segmentOf(name), word, value, wakes),
  /** Changes a word without a wake-up, as soon as somebody waits. */
  setOnceWaitedFor: (name: string, word: number, value: number): void => {
    while (segmentOf(name).words.load(segmentOf(name).waiting) === 0);
    setWord(segmentOf(name), word, value, false);
  },
  waitInLoop: (name: string, word: number): void => {
    void inLoop(segmentOf(name), held.get(name)?.index as number, word, (value) => value !== 0);
  },
  close: (name: string): void => {
    const { segment, index } = held.get(name) as { segment: Segment; index: number };
    leave(segment, index);
    segment.unmap();
  },
};

export type Orders = typeof orders;
export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code?: string; readonly errno?: string };
}

function answer([name, ...args]: [keyof Orders, ...never[]]): Answer {
  try {
    return { value: (orders[name] as (...given: never[]) => unknown)(...args) };
  } catch (error) {
    const { message, code, errno } = error as Error & { code?: string; errno?: string };
    return { error: { message, code, errno } };
  }
}

const port = parentPort;
if (port) port.on("message", (order) => (order ? port.postMessage(answer(order)) : port.close()));
else process.on("message", (order) => process.send?.(answer(order as [keyof Orders])));
