import type { Layout } from "../layout.js";
import { lockBytes, lockHead } from "../sync/owner-lock.layout.js";

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
