import { Damaged, type ObjectFile } from "./object-file.js";
import { type Findings, ObjectReading } from "./object-reading.js";
import { readMap } from "./read-map.js";
import { readPipe } from "./read-pipe.js";
import { readQueue } from "./read-queue.js";
import { readSync } from "./read-sync.js";
import { readTopic } from "./read-topic.js";
import { readArray, readValue } from "./read-values.js";
import type { AttachmentView, ObjectState, ObjectView, ThreadView, WaitView } from "./snapshot-model.js";

const READERS: Readonly<Record<string, (reading: ObjectReading) => Findings>> = {
  pipe: readPipe,
  queue: readQueue,
  topic: readTopic,
  map: readMap,
  value: readValue,
  array: readArray,
  lock: readSync,
  memory: () => ({ type: "SharedMemory", facts: {} }),
};

/** What an object's reader has to know of threads. */
export interface Threads {
  isAlive(owner: number): boolean;
  find(thread: string): ThreadView | undefined;
}

/** One object and who waits at it. What its file says wrongly becomes its `problem`. */
export function readObject(
  file: ObjectFile,
  fileName: string,
  isAnonymous: boolean,
  threads: Threads,
): { object: ObjectView; waits: WaitView[] } {
  let problem: string | undefined;
  let findings: Findings = { type: file.kind, facts: {} };
  let attached: AttachmentView[] = [];
  try {
    const reading = new ObjectReading(file, file.entries(), (owner) => threads.isAlive(owner));
    attached = reading.entries.map(({ owner, sleeps, blockedMicroseconds }) => {
      const thread = reading.thread(owner);
      const known = threads.find(thread);
      return {
        thread,
        pid: known?.pid ?? 0,
        name: known?.name ?? "",
        isAlive: threads.isAlive(owner),
        sleeps,
        blockedSeconds: blockedMicroseconds / 1e6,
      };
    });
    const reader = READERS[file.kind];
    if (!reader) throw new Damaged(`it is of ${file.kind}`);
    findings = reader(reading);
  } catch (error) {
    if (!(error instanceof Damaged) && !(error instanceof RangeError)) throw error;
    problem = error.message;
  }
  const { waits = [], holders = [], ...rest } = findings;
  const inFlight = Math.max(0, file.links - 1);
  const isHeld = attached.some(({ isAlive }) => isAlive);
  return {
    object: {
      id: file.id,
      ...(isAnonymous ? {} : { name: fileName }),
      ...rest,
      state: problem !== undefined ? "damaged" : stateOf(isHeld, inFlight, file.persists),
      ...(problem !== undefined && { problem }),
      size: file.size,
      fileBytes: file.fileBytes,
      createdAt: file.createdAt,
      persist: file.persists,
      inFlight,
      attached,
      holders,
    },
    waits: waits.map((wait) => ({ ...wait, object: file.id })),
  };
}

function stateOf(isHeld: boolean, inFlight: number, persists: boolean): ObjectState {
  if (isHeld) return "live";
  if (inFlight > 0) return "in flight";
  return persists ? "kept" : "left behind";
}
