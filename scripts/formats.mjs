// Writes docs/formats/shared-memory.md from the layout tables in dist: `node scripts/formats.mjs`. With --check it only
// says whether the page is what the tables say, and exits 1 if not (test/formats.test.ts does that).
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FRAMES_OFFSET, frameHead, logHead, logMark, MARK_OFFSETS } from "../dist/brokers/file/file-log.layout.js";
import { RECORDS } from "../dist/brokers/file/queue-log.layout.js";
import { TOPIC_RECORDS } from "../dist/brokers/file/topic-log.layout.js";
import { attachmentEntry, objectHeader } from "../dist/memory/object.layout.js";
import {
  REGISTRY_BYTES,
  registryHeader,
  registrySlot,
  SLOT_STRIDE,
  SLOTS_OFFSET,
} from "../dist/memory/registry.layout.js";
import { SYNC_KINDS } from "../dist/primitives/locks/sync.layout.js";
import { mapBody } from "../dist/primitives/map/map.layout.js";
import { arrayBody, ELEMENT_KINDS, valueBody } from "../dist/primitives/memory/values.layout.js";
import { queueHead } from "../dist/primitives/queue/queue.layout.js";
import { subscriberRow, topicHead } from "../dist/primitives/topic/topic.layout.js";
import { broadcastHead, broadcastRecord } from "../dist/rings/broadcast-ring.layout.js";
import { itemRow, storeHead } from "../dist/rings/item-store.layout.js";
import { mapEntry, mapHead } from "../dist/rings/map-store.layout.js";
import { pipeBody, ringControlOffset } from "../dist/rings/pipe.layout.js";
import { RING_LINE, recordHeader, ringReaderLine, ringWriterLine } from "../dist/rings/record-ring.layout.js";
import { eventHead } from "../dist/sync/event-word.layout.js";
import { guardHead } from "../dist/sync/guard.layout.js";
import { noticeRow, noticesHead } from "../dist/sync/notices.layout.js";
import { lockHead } from "../dist/sync/owner-lock.layout.js";
import { permitRow, permitsHead } from "../dist/sync/permits.layout.js";
import { readWriteHead, readWriteRow } from "../dist/sync/read-write-lock.layout.js";
import { partyRow, rendezvousHead } from "../dist/sync/rendezvous.layout.js";
import { waitersHead } from "../dist/sync/waiters.layout.js";
import { root } from "./run.mjs";

function table({ title, fields, offset }, note) {
  const rows = Object.entries(fields).map(
    ([name, [kind, meaning]]) => `| ${offset[name]} | ${name} | ${kind} | ${meaning} |`,
  );
  const heading = `## ${title[0].toUpperCase()}${title.slice(1)}`;
  return [
    heading,
    "",
    ...(note ? [note, ""] : []),
    "| offset | field | type | meaning |",
    "| ---: | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

const text = `# Formats in shared memory

Printed from the tables in \`src/**/*.layout.ts\` by \`node scripts/formats.mjs\`; a test holds both equal. All numbers are
little-endian; \`u32\` words that more than one process writes are accessed atomically only. Positions in rings are modulo
2^32. An owner word is \`generation << 12 | slot\` of a thread in the registry; words below 4,096 stand for nobody (0 vacant,
1 in flight, 2 closed).

## Files of a directory

| path | what it is |
| --- | --- |
| \`.registry\` | the registry: a header, then 4,096 slots; its lock bytes lie at 2^40 + slot, the gate's at 2^40 - 1 |
| \`.parkers/<slot>.<generation>\` | the FIFO of an attached thread |
| \`.lives/<owner>.<random>\` | the FIFO by which a process's children notice its end |
| \`<name>\` | a named object |
| \`.anonymous/<id>\` | an object without a name, by its identity |
| \`.flight/<carrier>/<random>[.<end>]\` | a handle on its way: a hard link to the object |
| \`.python/<block>\` | who made a block of Python's kind that goes with its maker |
| \`.flight/<carrier>/alive\` | locked by who will still take the handles (spawn, share) |

${table(registryHeader, `Slots begin at ${SLOTS_OFFSET} and are ${SLOT_STRIDE} bytes apart; the file has ${REGISTRY_BYTES} bytes.`)}

${table(registrySlot)}

${table(objectHeader, "At the start of every object's file.")}

${table(attachmentEntry, "One for each place in the attachments table.")}

${table(pipeBody, `At \`bodyOffset\` of a pipe. Ring 0's control words follow at ${ringControlOffset(0)}, ring 1's at ${ringControlOffset(1)}; ring 0 itself is at \`dataOffset\`, ring 1 right behind it.`)}

${table(
  valueBody,
  `At \`bodyOffset\` of a value. Kinds of elements: ${Object.entries(ELEMENT_KINDS)
    .map(([kind, number]) => `${number} ${kind}`)
    .join(", ")}.`,
)}

${table(arrayBody, "At `bodyOffset` of an array; the elements are at `dataOffset`.")}

${table(ringWriterLine, "The first of a ring's two cache-line pairs.")}

${table(ringReaderLine, `${RING_LINE} bytes behind the writer's line.`)}

${table(recordHeader, "At a multiple of 8 in the ring; the payload follows. Formats: 0 structured, 1 bytes. The first piece of a message in several pieces begins with the whole length in two words.")}

## Queues

${table(queueHead, "At `bodyOffset` of a queue. Behind it, each at a multiple of 8: a guard, an item store, the waiters for messages, for room and for the end of all work, two words for each attachment's items (held, and resting), and a row and a word for each block. The blocks themselves are at `dataOffset`.")}

${table(storeHead, "Changed under the guard.")}

${table(itemRow, "One for each block of 128 bytes. Behind all of them stands a word for each block: the item's next block, counted from 1; 2^32 - 1 for the last one; 0 when the block is free.")}

${table(mapBody, "At `bodyOffset` of a shared map. Behind it, each at a multiple of 8: a guard, a map store, and the rows. The blocks themselves, of 128 bytes, are at `dataOffset`.")}

${table(mapHead, "Changed under the guard.")}

${table(mapEntry, "One for each block of 128 bytes; an entry's key and value stand in its blocks. Behind all of them a word for each block's chain, as for items; then a word for each bucket (a power of two, at least one for each block): its first entry, counted from 1. A key's bucket is the low bits of its hash.")}

${table(guardHead, "What keeps several words in order.")}

${table(waitersHead, "Behind it one word for each attachment: the ticket of its oldest wait, 0 when it has none.")}

## Topics

${table(topicHead, "At `bodyOffset` of a topic. Behind it, each at a multiple of 8: a guard, a broadcast ring's words, the waiters for messages and for room, and a row for each subscription. The ring itself is at `dataOffset`; its size is a power of two.")}

${table(subscriberRow, "One for each subscription.")}

${table(broadcastHead, "Changed under the guard.")}

${table(broadcastRecord, "At a multiple of 16 in the ring; the key follows, then the message.")}

## Locks and their like

Objects of kind 7; \`detail\` says which: ${Object.entries(SYNC_KINDS)
  .map(([kind, number]) => `${number} ${kind}`)
  .join(", ")}. Each begins at \`bodyOffset\`; guards, waiters and a row for each attachment follow.

${[
  table(lockHead, "Of a Lock or RLock, and inside values, arrays and conditions."),
  table(permitsHead, "Of a Semaphore or BoundedSemaphore."),
  table(permitRow, "One for each attachment."),
  table(eventHead, "Of a SharedEvent."),
  table(noticesHead, "Of a Condition."),
  table(noticeRow, "One for each attachment."),
  table(rendezvousHead, "Of a Barrier."),
  table(partyRow, "One for each attachment."),
  table(readWriteHead, "Of an RWLock."),
  table(readWriteRow, "One for each attachment."),
].join("\n\n")}
`;

const records = (kinds) => `## Records

The first byte says which; numbers are unaligned.

| byte | record | then |
| ---: | --- | --- |
${Object.entries(kinds)
  .map(([name, [kind, meaning]]) => `| ${kind} | ${name} | ${meaning} |`)
  .join("\n")}`;

const logText = `# The log of a durable queue

Printed from the tables in \`src/brokers/file/file-log.layout.ts\` and \`queue-log.layout.ts\` by \`node scripts/formats.mjs\`; a
test holds both equal. All numbers are little-endian.

A queue is a folder. \`log\` has its messages and all that happened to them, \`lock\` is empty and has the locks: byte 0 of who
writes, byte 1 of who is next, byte 1024 + seat of each consumer, as long as it lives. \`log.new\` is a log that is being written
anew; \`log.cut-…\` is what stood behind a log and was no append of ours. [A topic's log](topic-log.md) has the same frames.

${table(logHead)}

${table(logMark, `At bytes ${MARK_OFFSETS.join(" and ")}.`)}

${table(frameHead, `Frames begin at byte ${FRAMES_OFFSET}, one right behind the other; the records follow each head.`)}

${records(RECORDS)}

The meta data of a message are JSON: \`i\` its id, \`t\` its content type, \`h\` its headers where it has any.
`;

const topicLogText = `# The log of a durable topic

Printed from the tables in \`src/brokers/file/file-log.layout.ts\` and \`topic-log.layout.ts\` by \`node scripts/formats.mjs\`; a
test holds both equal. All numbers are little-endian.

A topic is a folder with the same files as [a queue's](queue-log.md), and its log has the same head (with "IPCT" as its first word), marks
and frames. A seat is that of one member of a group. A log that was written anew has the groups, their members, what they
have not acknowledged, and nothing else; each of its frames up to there begins with \`base\`.

${records(TOPIC_RECORDS)}

The meta data of a message are JSON: \`i\` its id, \`t\` its content type, \`h\` its headers where it has any.
`;

const pages = {
  "docs/formats/shared-memory.md": text,
  "docs/formats/queue-log.md": logText,
  "docs/formats/topic-log.md": topicLogText,
};
if (process.argv.includes("--check")) {
  const differing = Object.keys(pages).filter((path) => readFileSync(join(root, path), "utf8") !== pages[path]);
  for (const path of differing) console.log(`${path} differs: node scripts/formats.mjs`);
  process.exit(differing.length === 0 ? 0 : 1);
}
for (const [path, page] of Object.entries(pages)) writeFileSync(join(root, path), page);
