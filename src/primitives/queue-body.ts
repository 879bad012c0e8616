import { linkSync } from "node:fs";
import { join } from "node:path";
import { StructuredDecoder, StructuredEncoder } from "../codec.js";
import { CodecError, UsageError } from "../errors.js";
import { freshName, removeIfLast } from "../memory/attachments.js";
import { attachmentEntry } from "../memory/object.layout.js";
import { VACANT } from "../memory/owner.js";
import { createSegment, openSegment } from "../memory/segment.js";
import { registry } from "../memory/this-thread.js";
import { SPILLED } from "../rings/item-store.layout.js";
import { FORMAT_MASK, FORMATS, HANDLES } from "../rings/record-ring.layout.js";
import { dropLink, makeLink } from "./flight.js";
import { checkLink, type Descriptor, type Given, linksIn, packHandles, takeHandle, unpackHandles } from "./handle.js";
import { headerSize } from "./shared-object.js";

/** The longest message, whatever the queue's size. */
export const MAX_MESSAGE = 2 ** 30;

const encoder = new StructuredEncoder();
const decoder = new StructuredDecoder();
/** Where short values are encoded; what stands there is copied on before anything else is encoded. */
const short = new Uint8Array(4096);

/** A value as it goes into a queue. */
export interface Body {
  readonly bytes: Uint8Array;
  /** How many of them, from the first. */
  readonly length: number;
  readonly flags: number;
  /** What the queue's folder holds for it; taken back when it is not put after all. */
  readonly given: readonly Given[];
  /** Link of the segment that holds the message, when it is longer than the queue's share. */
  readonly spill?: string;
}

/** A Uint8Array needs no encoding. */
export function isPlainBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && (value.constructor === Uint8Array || value.constructor === Buffer);
}

/** Encodes a value; `bytes` is valid until the next call unless `keep`. Longer ones than `share` go to a segment. */
export function encodeBody(value: unknown, share: number, folder: string, keep: boolean): Body {
  if (isPlainBytes(value)) {
    checkLength(value.length);
    if (value.length > share) return spill(value, FORMATS.bytes, folder, []);
    return { bytes: keep ? value.slice() : value, length: value.length, flags: FORMATS.bytes, given: [] };
  }
  const end = encoder.encodeInto(value, short, 0, Math.min(short.length, share));
  if (end >= 0 && encoder.handles.length === 0)
    return { bytes: keep ? short.slice(0, end) : short, length: end, flags: FORMATS.structured, given: [] };
  const bytes = encoder.encode(value);
  checkLength(bytes.length);
  if (encoder.handles.length > 0) {
    const parcel = packHandles(value, () => folder);
    const flags = FORMATS.structured | HANDLES;
    if (parcel.bytes.length > share) return spill(parcel.bytes, flags, folder, parcel.given);
    return { bytes: parcel.bytes, length: parcel.bytes.length, flags, given: parcel.given };
  }
  if (bytes.length > share) return spill(bytes, FORMATS.structured, folder, []);
  return { bytes: keep ? bytes.slice() : bytes, length: bytes.length, flags: FORMATS.structured, given: [] };
}

/** Encodes a value to target[at…limit), if that is possible without further ado; gives its end, or -1. */
export function encodeShort(value: unknown, target: Uint8Array, at: number, limit: number): number {
  if (isPlainBytes(value)) {
    if (at + value.length > limit) return -1;
    target.set(value, at);
    return at + value.length;
  }
  const end = encoder.encodeInto(value, target, at, limit);
  return encoder.handles.length > 0 ? -1 : end;
}

export const flagsFor = (value: unknown): number => (isPlainBytes(value) ? FORMATS.bytes : FORMATS.structured);

/** The message was not put: what the folder holds of it is taken back. */
export function undoBody(body: Body, folder: string): void {
  for (const one of body.given) one.undo();
  if (body.spill !== undefined) dropLink(folder, body.spill);
}

/** What the folder holds for a message that nobody will take. */
export function linksOf(bytes: Uint8Array, flags: number): string[] {
  try {
    if ((flags & SPILLED) !== 0) return [Buffer.from(bytes).toString()];
    return (flags & HANDLES) === 0 ? [] : linksIn(bytes);
  } catch {
    return []; // it was never whole, or is nobody's
  }
}

/** A message as it came out of a queue: its value, and the links that stay in the folder until it is acknowledged. */
export interface Unpacked {
  readonly value: unknown;
  readonly links: readonly string[];
}

/** Decodes [from…to) of `bytes`. Objects in it are taken by links of their own, so that a redelivery finds them again. */
export function decodeBody(bytes: Uint8Array, from: number, to: number, flags: number, folder: string): Unpacked {
  const links: string[] = [];
  if ((flags & SPILLED) !== 0) {
    const link = Buffer.from(bytes.subarray(from, to)).toString();
    links.push(link);
    const whole = readSpilled(folder, link);
    return { value: decodeWhole(whole, 0, whole.length, flags, folder, links), links };
  }
  return { value: decodeWhole(bytes, from, to, flags, folder, links), links };
}

function decodeWhole(
  bytes: Uint8Array,
  from: number,
  to: number,
  flags: number,
  folder: string,
  links: string[],
): unknown {
  if ((flags & FORMAT_MASK) === FORMATS.bytes) return bytes.slice(from, to);
  if ((flags & FORMAT_MASK) !== FORMATS.structured)
    throw new CodecError(`a message of format ${flags & FORMAT_MASK} came; this version reads 0 and 1`);
  if ((flags & HANDLES) === 0) return decoder.decode(bytes, from, to);
  return unpackHandles(bytes.subarray(from, to), folder, (descriptor) => takeCopy(folder, descriptor, links));
}

/** Takes the object of a descriptor by a second link. */
function takeCopy(folder: string, descriptor: Descriptor, links: string[]): object {
  checkLink(descriptor?.link);
  const copy = `${freshName()}${/\.[01]$/.exec(descriptor.link)?.[0] ?? ""}`;
  try {
    linkSync(join(folder, descriptor.link), join(folder, copy));
  } catch (cause) {
    throw new CodecError("a message names an object that is gone", { cause });
  }
  links.push(descriptor.link);
  return takeHandle(folder, { ...descriptor, link: copy });
}

function checkLength(length: number): void {
  if (length > MAX_MESSAGE)
    throw new UsageError(
      `put() of ${length.toLocaleString("en")} bytes; at most ${MAX_MESSAGE.toLocaleString("en")} in a queue`,
    );
}

/** Writes a long message into a segment of its own, of which only a link in the queue's folder is left. */
function spill(bytes: Uint8Array, flags: number, folder: string, given: readonly Given[]): Body {
  try {
    const segment = createSegment(registry(), {
      kind: "memory",
      maxAttached: 1,
      bodyBytes: 0,
      detail: 0,
      size: bytes.length,
      block: bytes.length,
    });
    try {
      new Uint8Array(segment.data as ArrayBuffer).set(bytes);
      const link = makeLink(folder, segment);
      return { bytes: Buffer.from(link), length: link.length, flags: flags | SPILLED, given, spill: link };
    } finally {
      segment.words.store(segment.entry(0) + attachmentEntry.word.owner, VACANT);
      removeIfLast(segment); // with a link it stays
      segment.unmap();
    }
  } catch (error) {
    for (const one of given) one.undo();
    throw error;
  }
}

function readSpilled(folder: string, link: string): Uint8Array {
  if (!/^[0-9a-f]+$/.test(link)) throw new CodecError(`a message names the segment ${JSON.stringify(link)}`);
  const segment = openSegment(registry(), join(folder, link), "memory", "a long message");
  try {
    const length = headerSize(segment);
    const { data } = segment;
    if (!data || !(length <= data.byteLength)) throw new CodecError(`a long message says that it has ${length} bytes`);
    return new Uint8Array(data, 0, length).slice();
  } finally {
    segment.unmap();
  }
}
