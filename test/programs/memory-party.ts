// A process or worker thread that does what it is told: takes a place in the registry, makes and holds objects.
import { parentPort } from "node:worker_threads";
import { join, leave } from "#src/memory/attachments.js";
import type { Registry } from "#src/memory/registry.js";
import { openSegment, type Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { lifeLine } from "#src/processes/life-line.js";
import { makeValue } from "../memory/make-value.js";

const held = new Map<string, { segment: Segment; index: number }>();

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
  open: (name: string, path?: string): string => {
    const home: Registry = registry();
    const segment = openSegment(home, path ?? `${home.directory}/${name}`, "value", name);
    held.set(name, { segment, index: join(segment) });
    return segment.id;
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
