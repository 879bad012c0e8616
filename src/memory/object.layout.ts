import { layout } from "../layout.js";

export const OBJECT_MAGIC = 0x4f_50_49_01; // "IPO" and the version's byte, little-endian
export const OBJECT_VERSION = 1;

/** What an object is; the number stands in its header. */
export const KINDS = {
  pipe: 1,
  queue: 2,
  topic: 3,
  value: 4,
  array: 5,
  memory: 6,
  lock: 7,
  map: 8,
} as const;
export type Kind = keyof typeof KINDS;

export function kindName(kind: number): string {
  for (const [name, value] of Object.entries(KINDS)) if (value === kind) return name;
  return `unknown kind ${kind}`;
}

export const objectHeader = layout("object header", {
  magic: ["u32", "0x4f504901; a byte-swapped value tells a foreign byte order"],
  version: ["u32", "layout version of header, attachments and body"],
  kind: ["u32", "1 pipe, 2 queue, 3 topic, 4 value, 5 array, 6 memory, 7 lock, 8 map"],
  persist: ["u32", "1: stays until it is unlinked, 0: goes with its last holder"],
  life: ["u32", "0 live, 1 removed, else the owner word of the thread that is removing a name"],
  named: ["u32", "1 while the file has the name it was made with"],
  maxAttached: ["u32", "entries in the attachments table"],
  creator: ["u32", "owner word of the thread that made it"],
  attachmentsOffset: ["u32", "byte offset of the attachments table"],
  waitingOffset: ["u32", "byte offset of the bitmap of attachments that wait"],
  bodyOffset: ["u32", "byte offset of what the kind itself lays out"],
  dataOffset: ["u32", "byte offset of rings or block, a multiple of 4,096; the file's size when there are none"],
  detail: ["u32", "a number of the kind's own: element kind of a value or array, capacity of a pipe"],
  idHigh: ["u32", "random identity, upper half"],
  idLow: ["u32", "random identity, lower half"],
  size: ["f64", "bytes of the user's data or, without any, of the segment"],
  createdAt: ["f64", "monotonic seconds since boot"],
  name: ["text:208", "the name it was made with, empty when anonymous"],
});

export const attachmentEntry = layout("attachment", {
  owner: ["u32", "owner word of the attached thread; 0 vacant, 1 in flight, 2 closed"],
  waitsFor: ["u32", "what the thread waits for here: 0 nothing, 1 data, 2 space, 3 a change, 4 a lock"],
  steals: ["u32", "how often it took over what a dead thread had held"],
  sleeps: ["u32", "how often it slept here"],
  blockedMicroseconds: ["f64", "time it spent waiting here"],
});

/** What `waitsFor` says. */
export const WAITS = { nothing: 0, data: 1, space: 2, change: 3, lock: 4 } as const;
