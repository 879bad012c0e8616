import { readdirSync } from "node:fs";
import type { Topic } from "interproc";
import type { TopicCore } from "#src/primitives/topic/topic-core.js";

/** A topic of whatever. */
type AnyTopic = Pick<Topic<unknown>, "close">;

export const coreOf = (topic: AnyTopic): TopicCore => (topic as unknown as { core: TopicCore }).core;

/** What the topic's folder holds: objects inside of messages, and messages with memory of their own. */
export function heldFor(topic: AnyTopic): string[] {
  try {
    return readdirSync(coreOf(topic).folder);
  } catch {
    return [];
  }
}

/** Rows of subscribers that are taken, also by the dead until somebody has looked. */
export const rowsOf = (topic: AnyTopic): number => coreOf(topic).rows.count;

/** Whether nobody waits at a topic, as far as its memory says. */
export function isQuiet(topic: AnyTopic): boolean {
  const { readers, writers } = coreOf(topic);
  return readers.count === 0 && writers.count === 0;
}
