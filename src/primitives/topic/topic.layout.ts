import { layout, Parts } from "../../layout.js";
import { broadcastHead } from "../../rings/broadcast-ring.layout.js";
import { guardHead } from "../../sync/guard.layout.js";
import { waitersBytes } from "../../sync/waiters.layout.js";

/** Behind header and attachments of a topic; its ring is the segment's block. */
export const topicHead = layout("topic", {
  lossless: ["u32", "1: who publishes waits for the slowest living subscriber; 0: it is overtaken"],
  maxSubscribers: ["u32", "rows of subscribers"],
  subscribers: ["u32", "rows that are taken, also by the dead until somebody looks"],
  rowsUsed: ["u32", "no row from this one on was ever taken"],
});

/** One for each subscription. */
export const subscriberRow = layout("subscriber", {
  owner: ["u32", "owner word of the thread that subscribed, 0 for nobody"],
  cursor: ["u32", "position up to which it has read, in units of 16 bytes, modulo 2^32"],
  missed: ["u32", "messages that it was too slow for, modulo 2^32"],
  unused: ["u32", "0"],
});

/** Word indexes of a topic's parts, from its body's start. */
export interface TopicPlan {
  readonly guard: number;
  readonly ring: number;
  readonly readers: number;
  readonly writers: number;
  readonly rows: number;
  readonly bytes: number;
}

export function topicPlan(maxAttached: number, maxSubscribers: number): TopicPlan {
  const parts = new Parts();
  parts.add(topicHead.bytes);
  return {
    guard: parts.add(guardHead.bytes),
    ring: parts.add(broadcastHead.bytes),
    readers: parts.add(waitersBytes(maxAttached)),
    writers: parts.add(waitersBytes(maxAttached)),
    rows: parts.add(maxSubscribers * subscriberRow.bytes),
    bytes: parts.bytes,
  };
}
