import { subscriberRow, topicHead, topicPlan } from "../primitives/topic/topic.layout.js";
import { broadcastHead, UNIT } from "../rings/broadcast-ring.layout.js";
import type { Findings, ObjectReading } from "./object-reading.js";

/** A topic: how far each living subscriber is behind. */
export function readTopic(reading: ObjectReading): Findings {
  const { file } = reading;
  const plan = topicPlan(file.maxAttached, 0);
  const body = file.body(0, plan.rows * 4);
  const word = (offset: number): number => body.readUInt32LE(offset);
  const ring = (name: keyof typeof broadcastHead.offset): number => word(plan.ring * 4 + broadcastHead.offset[name]);
  const capacity = file.dataBytes;
  const used = Math.min(capacity, ((ring("head") - ring("tail")) >>> 0) * UNIT);
  const rowsUsed = Math.min(word(topicHead.offset.rowsUsed), word(topicHead.offset.maxSubscribers));
  const rows = file.body(plan.rows * 4, rowsUsed * subscriberRow.bytes);
  const subscribers: { thread: string; backlog: number; missed: number }[] = [];
  for (let at = 0; at < rows.length; at += subscriberRow.bytes) {
    const thread = reading.living(rows.readUInt32LE(at + subscriberRow.offset.owner));
    if (thread === undefined) continue;
    const behind = ((ring("head") - rows.readUInt32LE(at + subscriberRow.offset.cursor)) >>> 0) * UNIT;
    const missed = rows.readUInt32LE(at + subscriberRow.offset.missed);
    subscribers.push({ thread, backlog: Math.min(capacity, behind), missed });
  }
  const published = ring("sequenceHigh") * 2 ** 32 + ring("sequenceLow");
  const others = { blockers: [], endedBy: "others" } as const;
  const isLossless = word(topicHead.offset.lossless) === 1;
  return {
    type: "Topic",
    used: Math.max(0, ...subscribers.map(({ backlog }) => backlog)),
    capacity,
    consumers: subscribers.map(({ thread, backlog, missed }) => {
      return { thread, behindBytes: backlog, capacity, missed };
    }),
    counts: { in: published, out: published },
    waits: [
      ...reading.waits(body, plan.readers, { waitsFor: "a message", ...others }),
      ...reading.waits(body, plan.writers, {
        waitsFor: "room",
        blockers: isLossless ? subscribers.filter(({ backlog }) => backlog > 0).map(({ thread }) => thread) : [],
        endedBy: "others",
      }),
    ],
    facts: {
      subscribers: subscribers.length,
      lossless: isLossless,
      published,
      "bytes kept": used,
      missed: subscribers.reduce((sum, { missed }) => sum + missed, 0),
      backlog: subscribers.map(({ thread, backlog, missed }) => `${thread}: ${backlog} bytes, ${missed} missed`),
    },
  };
}
