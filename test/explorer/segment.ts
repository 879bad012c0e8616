import type { Segment } from "#src/memory/segment.js";
import { ofTheWorld } from "./fingerprint.js";
import { BODY, entryWord, MOST_PARTIES, WAITING } from "./ground.js";
import type { Party } from "./party.js";
import { registryOf } from "./registry.js";

/** The one object that the parties share, as a party has it mapped. `entry`: where the table of attachments lies. */
export function segmentOf(
  party: Party,
  dataBytes = 0,
  maxAttached = MOST_PARTIES,
  entry: (index: number) => number = entryWord,
): Segment {
  const registry = registryOf(party);
  const segment = {
    id: `of party ${party.index}`,
    name: undefined,
    isNamed: true,
    isMapped: true,
    registry,
    words: registry.words,
    control: registry.buffer,
    data: ofTheWorld(new ArrayBuffer(dataBytes)),
    waiting: WAITING,
    bodyOffset: BODY * 4,
    detail: dataBytes,
    maxAttached,
    entry,
    linksInFlight: () => 0,
    find: () => "here",
  };
  return ofTheWorld(segment as unknown as Segment);
}
