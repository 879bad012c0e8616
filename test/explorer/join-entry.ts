import { join } from "#src/memory/attachments.js";
import { objectHeader } from "#src/memory/object.layout.js";
import type { Segment } from "#src/memory/segment.js";

/** Takes an entry of an object's table as every thread does that opens it; nobody removes this object. Gives its index. */
export function joinEntry(segment: Segment): number {
  const { words } = segment;
  const living = {
    load: (index: number) => (index === objectHeader.word.life ? 0 : words.load(index)),
    store: (index: number, value: number) => words.store(index, value),
    compareExchange: (index: number, expected: number, value: number) => words.compareExchange(index, expected, value),
  };
  return join({ ...segment, words: living } as unknown as Segment);
}
