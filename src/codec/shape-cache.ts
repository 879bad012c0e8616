import { ReadShape } from "./read-shape.js";
import { readLatin1, readUtf16 } from "./text.js";

/** Slots of the table; a power of two. */
const SLOTS = 512;
/** A longer definition is read anew each time. */
const MAX_KEPT_BYTES = 2048;

const slots: (ReadShape | undefined)[] = new Array(SLOTS).fill(undefined);

/**
 * The shape of a definition that the caller has copied to memory of its own. Shapes are kept, one a slot, and found by a
 * hash; they are used only when every byte is equal, so that what one peer sends cannot change what another's message
 * means. Gives undefined when the bytes are not `count` keys.
 */
export function shapeDefinedBy(definition: Uint8Array, count: number): ReadShape | undefined {
  const slot = hash(definition, count) & (SLOTS - 1);
  const kept = slots[slot];
  if (kept?.isDefinedBy(definition, 0, definition.length, count)) return kept;
  const keys = parse(definition, count);
  if (keys === undefined) return undefined;
  if (definition.length > MAX_KEPT_BYTES) return new ReadShape(keys, undefined);
  const shape = new ReadShape(keys.map(internalized), definition);
  slots[slot] = shape;
  return shape;
}

function hash(bytes: Uint8Array, count: number): number {
  let hash = count;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash ^ (hash >>> 15);
}

function parse(definition: Uint8Array, count: number): string[] | undefined {
  const keys: string[] = [];
  let at = 0;
  while (keys.length < count) {
    let head = 0;
    let scale = 1;
    let byte: number;
    do {
      if (at >= definition.length || scale > 2 ** 28) return undefined;
      byte = definition[at++];
      head += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    const length = Math.floor(head / 2);
    const isUtf16 = head % 2 === 1;
    const bytes = isUtf16 ? length * 2 : length;
    if (bytes > definition.length - at) return undefined;
    keys.push(isUtf16 ? readUtf16(definition, at, at + bytes) : readLatin1(definition, at, length));
    at += bytes;
  }
  return at === definition.length ? keys : undefined;
}

/** The engine's one copy of a string: as a key it is found by address instead of by content. */
function internalized(key: string): string {
  return Object.keys({ [key]: 0 })[0];
}
