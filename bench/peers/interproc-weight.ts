import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Lock,
  PriorityQueue,
  pipe,
  Queue,
  RLock,
  RWLock,
  Semaphore,
  SharedArray,
  SharedEvent,
  SharedMemory,
  SharedValue,
  Stack,
} from "interproc";
import { answer } from "../answer.js";
import type { kinds, MemoryQuestion } from "../growth-question.js";
import { objectFolder } from "../object-folder.js";

/*
 * What our objects weigh. Many of one kind are made, so that what a process uses anyway, and what its heap gains and
 * loses meanwhile, is small beside them; all figures are for one of them.
 */
const many = 500;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const makers: Record<(typeof kinds)[number], () => unknown> = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  RWLock: () => new RWLock(),
  Semaphore: () => new Semaphore(1),
  BoundedSemaphore: () => new BoundedSemaphore(1),
  SharedEvent: () => new SharedEvent(),
  Condition: () => new Condition(),
  Barrier: () => new Barrier(2),
  SharedValue: () => new SharedValue("i32", 0),
  "SharedArray of 1,000 f64": () => new SharedArray("f64", 1000),
  "SharedMemory of 4 KiB": () => new SharedMemory({ size: 4096 }),
  pipe: () => pipe(),
  Queue: () => new Queue(),
  PriorityQueue: () => new PriorityQueue(),
  Stack: () => new Stack(),
};

answer<MemoryQuestion>(async ({ kind }) => {
  const make = makers[kind as (typeof kinds)[number]];
  const made: unknown[] = [];
  const makeMany = (): void => {
    for (let i = 0; i < many; i++) made.push(make());
  };
  makeMany(); // compiles what makes them, and lets tables reach their size; these stay
  const before = footprint();
  const mappedBefore = mappings();
  makeMany();
  const after = footprint();
  const inodes = new Set<number>();
  let mappedBytes = 0;
  for (const [range, { inode, bytes }] of mappings()) {
    if (mappedBefore.has(range)) continue;
    inodes.add(inode);
    mappedBytes += bytes;
  }
  const files = filesOf(inodes);
  if (made.length !== 2 * many) throw new Error(`interproc-weight: ${made.length} of ${2 * many} objects made`);
  return {
    fileBytes: files.fileBytes / many,
    usedBytes: files.usedBytes / many,
    mappedBytes: mappedBytes / many,
    residentBytes: (after.residentBytes - before.residentBytes) / many,
    residentSharedBytes: (after.residentSharedBytes - before.residentSharedBytes) / many,
    heapBytes: (after.heapBytes - before.heapBytes) / many,
  };
});

/** Where our objects are mapped into this process, by address. */
function mappings(): Map<string, { inode: number; bytes: number }> {
  const folder = `${objectFolder()}/`;
  const found = new Map<string, { inode: number; bytes: number }>();
  for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
    const [range = "", , , , inode, path] = line.split(/\s+/);
    if (!path?.startsWith(folder)) continue;
    const [from, to] = range.split("-").map((address) => Number.parseInt(address, 16)) as [number, number];
    found.set(range, { inode: Number(inode), bytes: to - from });
  }
  return found;
}

/** How long the files are, and what they take of the file system. */
function filesOf(inodes: ReadonlySet<number>): { fileBytes: number; usedBytes: number } {
  const folder = objectFolder();
  const stats = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => statSync(join(folder, file), { throwIfNoEntry: false }))
    .filter((stat) => stat !== undefined && inodes.has(stat.ino));
  if (stats.length !== inodes.size) {
    throw new Error(`interproc-weight: ${stats.length} of the ${inodes.size} mapped files are in ${folder}`);
  }
  return {
    fileBytes: stats.reduce((sum, stat) => sum + (stat?.size ?? 0), 0),
    usedBytes: stats.reduce((sum, stat) => sum + (stat?.blocks ?? 0) * 512, 0),
  };
}

interface Footprint {
  readonly residentBytes: number;
  /** Of these, what is no memory of the process's own: its code and, growing here alone, our objects. */
  readonly residentSharedBytes: number;
  readonly heapBytes: number;
}

function footprint(): Footprint {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed: heapBytes } = process.memoryUsage();
  const rollup = readFileSync("/proc/self/smaps_rollup", "utf8");
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) * 1024;
  return { residentBytes: bytes("Rss"), residentSharedBytes: bytes("Rss") - bytes("Anonymous"), heapBytes };
}
