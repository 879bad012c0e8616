import type { Snapshot } from "./snapshot-model.js";

/** What a page is told: a snapshot whose objects are only those that have changed since the last message. */
export interface LiveMessage extends Snapshot {
  /** Identities of objects that are no more. */
  readonly gone: readonly string[];
  /** These are all objects: whatever the page has is out of date. */
  readonly isWhole: boolean;
  readonly allowsWrite: boolean;
  /** What objects hold may be asked for. */
  readonly showsPayloads: boolean;
}
