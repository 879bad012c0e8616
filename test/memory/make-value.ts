import type { Registry } from "#src/memory/registry.js";
import { createSegment, type Segment, type SegmentSpec } from "#src/memory/segment.js";

/** The smallest kind of object, with a body of `BODY_WORDS` words that are all 7 from the moment that it is there. */
export function makeValue(home: Registry, spec: Partial<SegmentSpec> = {}): Segment {
  return createSegment(home, {
    kind: "value",
    maxAttached: 4,
    bodyBytes: BODY_WORDS * 4,
    detail: 1,
    size: 4,
    initialise: (made) => new Int32Array(made.control, made.bodyOffset, BODY_WORDS).fill(7),
    ...spec,
  });
}

export const BODY_WORDS = 64;

/** Whether a body is as its maker wrote it. */
export const isWhole = (segment: Segment): boolean =>
  new Int32Array(segment.control, segment.bodyOffset, BODY_WORDS).every((word) => word === 7);
