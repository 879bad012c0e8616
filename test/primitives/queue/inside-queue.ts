import { readdirSync } from "node:fs";
import type { Queue } from "interproc";
import type { Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { queueHead, queuePlan } from "#src/primitives/queue/queue.layout.js";
import type { QueueHolding } from "#src/primitives/queue/queue-holding.js";
import { BLOCK, itemRow, STATES, storeHead } from "#src/rings/item-store.layout.js";

/** The segment behind a queue, to look at what users do not see. */
export const segmentOf = (queue: AnyQueue): Segment =>
  (queue as unknown as { holding: { segment: Segment } }).holding.segment;

const stateOf = (queue: AnyQueue): QueueHolding => (queue as unknown as { state: QueueHolding }).state;

/** What the queue's folder holds: objects inside of messages, and messages with memory of their own. */
export function heldFor(queue: AnyQueue): string[] {
  try {
    return readdirSync(stateOf(queue).core.folder);
  } catch {
    return [];
  }
}

/** Objects in the directory beside the registry and its folders. */
export function objectsInDirectory(): string[] {
  return readdirSync(registry().directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ".registry" && !entry.parentPath.endsWith(".parkers"))
    .map((entry) => entry.name)
    .sort();
}

/** A queue of whatever. */
type AnyQueue = Pick<Queue<unknown>, "close">;

type HeadWord = keyof typeof queueHead.word | keyof typeof storeHead.word;

/** Word index of a word of the queue's, or of its store's. */
export function wordOf(queue: AnyQueue, name: HeadWord): number {
  const { bodyOffset, maxAttached, data } = segmentOf(queue);
  const plan = queuePlan(maxAttached, (data as ArrayBuffer).byteLength / BLOCK);
  if (name in queueHead.word) return bodyOffset / 4 + queueHead.word[name as keyof typeof queueHead.word];
  return bodyOffset / 4 + plan.store + storeHead.word[name as keyof typeof storeHead.word];
}

export const readWord = (queue: AnyQueue, name: HeadWord): number => segmentOf(queue).words.load(wordOf(queue, name));

/** Writes over a word, as a hostile process could. */
export const writeWord = (queue: AnyQueue, name: HeadWord, value: number): void =>
  segmentOf(queue).words.store(wordOf(queue, name), value);

/** Word index of a word of the row of the ready item that is taken next. */
export function firstRow(queue: AnyQueue, name: keyof typeof itemRow.word): number {
  const { bodyOffset, maxAttached, data } = segmentOf(queue);
  const plan = queuePlan(maxAttached, (data as ArrayBuffer).byteLength / BLOCK);
  const item = readWord(queue, "first") - 1;
  return bodyOffset / 4 + plan.rows + (item * itemRow.bytes) / 4 + itemRow.word[name];
}

/** Word index of what says which block follows its first one. */
export function firstLink(queue: AnyQueue): number {
  const { bodyOffset, maxAttached, data } = segmentOf(queue);
  const blocks = (data as ArrayBuffer).byteLength / BLOCK;
  const { rows } = queuePlan(maxAttached, blocks);
  return bodyOffset / 4 + rows + (blocks * itemRow.bytes) / 4 + readWord(queue, "first") - 1;
}

/** How many items are in each state, by their rows. */
export function states(queue: AnyQueue): { ready: number; taken: number; writing: number } {
  const { bodyOffset, maxAttached, data, words } = segmentOf(queue);
  const blocks = (data as ArrayBuffer).byteLength / BLOCK;
  const rows = bodyOffset / 4 + queuePlan(maxAttached, blocks).rows;
  const found = { ready: 0, taken: 0, writing: 0 };
  for (let block = 0; block < blocks; block++) {
    const state = words.load(rows + (block * itemRow.bytes) / 4 + itemRow.word.state);
    if (state === STATES.ready) found.ready++;
    else if (state === STATES.taken) found.taken++;
    else if (state === STATES.writing) found.writing++;
  }
  return found;
}
