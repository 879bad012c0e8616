import type { Layout } from "../../layout.js";
import { eventBytes, eventHead } from "../../sync/event-word.layout.js";
import { conditionLock, noticesHead } from "../../sync/notices.layout.js";
import { lockBytes, lockHead } from "../../sync/owner-lock.layout.js";
import { permitsBytes, permitsHead } from "../../sync/permits.layout.js";
import { readWriteBytes, readWriteHead } from "../../sync/read-write-lock.layout.js";
import { rendezvousBytes, rendezvousHead } from "../../sync/rendezvous.layout.js";

/** What an object of kind "lock" is; the number stands in the `detail` of its header. */
export const SYNC_KINDS = {
  Lock: 1,
  RLock: 2,
  RWLock: 3,
  Semaphore: 4,
  BoundedSemaphore: 5,
  SharedEvent: 6,
  Condition: 7,
  Barrier: 8,
} as const;
export type SyncKind = keyof typeof SYNC_KINDS;

/** What a kind lays out behind header and attachments: its own words, then tables with a row for each attachment. */
export interface SyncLayout {
  readonly head: Layout<string>;
  bytes(maxAttached: number): number;
}

export const lockLayout: SyncLayout = { head: lockHead, bytes: lockBytes };
export const semaphoreLayout: SyncLayout = { head: permitsHead, bytes: permitsBytes };
export const eventLayout: SyncLayout = { head: eventHead, bytes: eventBytes };
export const conditionLayout: SyncLayout = {
  head: noticesHead,
  bytes: (maxAttached) => conditionLock(maxAttached) * 4 + lockBytes(maxAttached),
};
export const barrierLayout: SyncLayout = { head: rendezvousHead, bytes: rendezvousBytes };
export const rwlockLayout: SyncLayout = { head: readWriteHead, bytes: readWriteBytes };
