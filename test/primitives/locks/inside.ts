import type { SharedArray, SharedValue } from "interproc";
import { attachmentEntry } from "#src/memory/object.layout.js";
import type { Segment } from "#src/memory/segment.js";

type Handle = Pick<SharedValue | SharedArray, "name">;

/** The segment behind a handle, to look at what users do not see. */
export const segmentOf = (handle: Handle): Segment =>
  (handle as unknown as { holding: { segment: Segment } }).holding.segment;

/** Attachments that say that they wait. */
export function waitingBits(handle: Handle): number[] {
  const { words, waiting, maxAttached } = segmentOf(handle);
  return Array.from({ length: maxAttached }, (_, index) => index).filter(
    (index) => (words.load(waiting + (index >>> 5)) & (1 << (index & 31))) !== 0,
  );
}

/** Entries of the attachments table that somebody holds or held until he was killed. */
export function takenEntries(handle: Handle): number {
  const segment = segmentOf(handle);
  let taken = 0;
  for (let index = 0; index < segment.maxAttached; index++)
    if (segment.words.load(segment.entry(index) + attachmentEntry.word.owner) !== 0) taken++;
  return taken;
}

/** Makes turns that are always ready until a timer fires between two of them. */
export async function untilTimerFires(turn: () => Promise<void>): Promise<void> {
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 2);
  while (!fired) await turn();
}

/** Looks again and again, letting everything else run, until it is so. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}
