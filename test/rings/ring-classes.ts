import * as messageReader from "#src/rings/message-reader.js";
import * as messageWriter from "#src/rings/message-writer.js";
import * as recordRing from "#src/rings/record-ring.js";

/** The classes that are checked: the real ones, or copies with a fault put in. */
export interface RingClasses {
  readonly RingWriter: typeof recordRing.RingWriter;
  readonly RingReader: typeof recordRing.RingReader;
  readonly MessageWriter: typeof messageWriter.MessageWriter;
  readonly MessageReader: typeof messageReader.MessageReader;
}

export const ringClasses: RingClasses = { ...recordRing, ...messageWriter, ...messageReader };
