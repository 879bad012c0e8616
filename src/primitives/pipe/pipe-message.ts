import { spareMemory } from "../../memory/spare-memory.js";
import type { Outgoing } from "../../rings/message-writer.js";
import { HANDLES } from "../../rings/record-ring.layout.js";
import type { Pending } from "../../sync/pending.js";
import type { Given } from "../handle.js";

/** A message on its way into a pipe. */
export interface PipeMessage extends Outgoing {
  readonly value: unknown;
  readonly given: readonly Given[];
  pending: Pending<void> | undefined;
  isDone: boolean;
  /** The bytes are a copy that nobody else sees. */
  readonly isSnapshot: boolean;
}

export function pipeMessage(bytes: Uint8Array, flags: number, value: unknown, given: readonly Given[]): PipeMessage {
  return { bytes, flags, value, given, written: 0, begun: false, isDone: false, isSnapshot: false, pending: undefined };
}

/** What is left of a message to write, as one that has begun, where nobody changes it. */
export function snapshotOfRest(entry: PipeMessage): PipeMessage {
  if (entry.flags & HANDLES) return entry;
  const bytes = spareMemory.take(entry.bytes.length - entry.written);
  bytes.set(entry.bytes.subarray(entry.written));
  const { flags, value, given, begun } = entry;
  return { bytes, flags, value, given, written: 0, begun, isDone: false, isSnapshot: true, pending: undefined };
}
