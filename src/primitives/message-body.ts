import { linkSync } from "node:fs";
import { join } from "node:path";
import type { Carried } from "../carried.js";
import { StructuredDecoder, StructuredEncoder } from "../codec.js";
import { CodecError, SystemError, UsageError } from "../errors.js";
import { freshName, removeIfLast } from "../memory/attachments.js";
import { copyOf } from "../memory/copy-of.js";
import { attachmentEntry } from "../memory/object.layout.js";
import { VACANT } from "../memory/owner.js";
import { createSegment, openSegment } from "../memory/segment.js";
import { registry } from "../memory/this-thread.js";
import { HEADED, SPILLED } from "../rings/item-store.layout.js";
import { FORMAT_MASK, FORMATS, HANDLES } from "../rings/record-ring.layout.js";
import { dropLink, makeLink, removeLink } from "./flight.js";
import { checkLink, type Descriptor, type Given, packHandles, takeHandle, unpackHandles } from "./handle.js";
import { headersIn, withHeaders } from "./headed.js";
import { headerSize } from "./shared-object.js";

/** The longest message, whatever the queue's size. */
export const MAX_MESSAGE = 2 ** 30;

const SHORT = 4096;
const decoder = new StructuredDecoder();

/** What encodes, and where short values are encoded; what stands there is copied on before anything else is encoded. */
interface Desk {
  readonly encoder: StructuredEncoder;
  readonly short: Uint8Array;
}

let spareDesk: Desk | undefined;

/** Each encoding has a desk of its own: a getter of the value may be putting something itself. */
function takeDesk(): Desk {
  const desk = spareDesk ?? { encoder: new StructuredEncoder(), short: new Uint8Array(SHORT) };
  spareDesk = undefined;
  return desk;
}

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

/**
 * Encodes a value; `bytes` is valid until the next call unless `keep`. Longer ones than `share` go to a segment. `headers`:
 * what goes along.
 */
export function encodeBody(value: unknown, share: number, folder: string, keep: boolean, headers?: Carried): Body {
  if (headers !== undefined) return encodeHeaded(value, share, folder, headers);
  if (isPlainBytes(value)) {
    checkLength(value.length);
    if (value.length > share) return spill(value, FORMATS.bytes, folder, []);
    return { bytes: keep ? value.slice() : value, length: value.length, flags: FORMATS.bytes, given: [] };
  }
  const desk = takeDesk();
  try {
    return encodeAt(desk, value, share, folder, keep);
  } finally {
    spareDesk = desk;
  }
}

function encodeAt({ encoder, short }: Desk, value: unknown, share: number, folder: string, keep: boolean): Body {
  const end = encoder.encodeInto(value, short, 0, Math.min(short.length, share));
  if (end >= 0 && encoder.handles.length === 0)
    return { bytes: keep ? short.slice(0, end) : short, length: end, flags: FORMATS.structured, given: [] };
  const bytes = encoder.encode(value);
  checkLength(bytes.length);
  if (encoder.handles.length > 0) return encodeParcel(value, share, folder);
  if (bytes.length > share) return spill(bytes, FORMATS.structured, folder, []);
  return { bytes: keep ? bytes.slice() : bytes, length: bytes.length, flags: FORMATS.structured, given: [] };
}

function encodeHeaded(value: unknown, share: number, folder: string, headers: Carried): Body {
  const { bytes: plain, length, given, flags: format } = encodeBody(value, MAX_MESSAGE, folder, false);
  const bytes = withHeaders(headers, plain.subarray(0, length));
  const flags = format | HEADED;
  if (bytes.length > share) return spill(bytes, flags, folder, given);
  return { bytes, length: bytes.length, flags, given };
}

function encodeParcel(value: unknown, share: number, folder: string): Body {
  const { bytes, given } = packHandles(value, () => folder);
  const flags = FORMATS.structured | HANDLES;
  return bytes.length > share ? spill(bytes, flags, folder, given) : { bytes, length: bytes.length, flags, given };
}

/** Encodes a value to target[at…limit), if that is possible without further ado; gives its end, or -1. */
export function encodeShort(value: unknown, target: Uint8Array, at: number, limit: number): number {
  if (isPlainBytes(value)) {
    if (at + value.length > limit) return -1;
    target.set(value, at);
    return at + value.length;
  }
  const desk = takeDesk();
  try {
    const end = desk.encoder.encodeInto(value, target, at, limit);
    return desk.encoder.handles.length > 0 ? -1 : end;
  } finally {
    spareDesk = desk;
  }
}

export const flagsFor = (value: unknown): number => (isPlainBytes(value) ? FORMATS.bytes : FORMATS.structured);

/** The message was not put: what the folder holds of it is taken back. */
export function undoBody(body: Body, folder: string): void {
  for (const one of body.given) one.undo();
  if (body.spill !== undefined) dropLink(folder, body.spill);
}

/** The message is on its way. */
export function commitBody(body: Body): void {
  for (const one of body.given) one.commit("whoever takes it from the queue");
}

/** What the folder holds for a message that nobody will take. */
export function linksOf(bytes: Uint8Array, flags: number, folder: string): string[] {
  const links: string[] = [];
  try {
    let whole = bytes;
    if ((flags & SPILLED) !== 0) {
      const link = Buffer.from(bytes).toString();
      checkLink(link);
      links.push(link);
      if ((flags & HANDLES) !== 0) whole = readSpilled(folder, link);
    }
    if ((flags & HANDLES) === 0) return links;
    const { at } = (flags & HEADED) === 0 ? { at: 0 } : headersIn(whole, 0, whole.length);
    unpackHandles(whole.subarray(at), folder, (descriptor) => {
      mapLinks(descriptor, (link) => {
        links.push(link);
        return link;
      });
      return {};
    });
  } catch {
    // it was never whole, or is nobody's
  }
  return links;
}

/** A message as it came out of a queue. */
export interface Unpacked {
  readonly value: unknown;
  /** What stays in the folder until it is acknowledged. */
  readonly links: readonly string[];
  /** What went along. */
  readonly headers?: Carried;
  /** The shared objects and connection ends in it, opened by links of their own, so that a redelivery finds them again. */
  readonly objects: readonly object[];
}

/** Decodes [from…to) of `bytes`; `check` may refuse an object's descriptor. What it throws has left nothing open. */
export function decodeBody(
  bytes: Uint8Array,
  from: number,
  to: number,
  flags: number,
  folder: string,
  check?: (descriptor: Descriptor) => void,
): Unpacked {
  const links: string[] = [];
  const objects: object[] = [];
  let headers: Carried | undefined;
  try {
    if ((flags & SPILLED) === 0) return { value: decodeWhole(bytes, from, to, flags), links, objects, headers };
    const link = Buffer.from(bytes.subarray(from, to)).toString();
    links.push(link);
    const whole = readSpilled(folder, link);
    return { value: decodeWhole(whole, 0, whole.length, flags), links, objects, headers };
  } catch (error) {
    closeObjects(objects);
    throw error;
  }

  function decodeWhole(source: Uint8Array, first: number, end: number, format: number): unknown {
    let start = first;
    if ((format & HEADED) !== 0) ({ headers, at: start } = headersIn(source, first, end));
    if ((format & HANDLES) === 0) return decodePlain(source, start, end, format & FORMAT_MASK);
    return unpackHandles(source.subarray(start, end), folder, (descriptor) => {
      check?.(descriptor);
      const object = takeCopy(folder, descriptor, links);
      objects.push(object);
      return object;
    });
  }
}

/** Decodes what stands for itself. */
export function decodePlain(bytes: Uint8Array, from: number, to: number, format: number): unknown {
  if (format === FORMATS.structured) return decoder.decode(bytes, from, to);
  if (format === FORMATS.bytes) return copyOf(bytes, from, to);
  throw new CodecError(`a message of format ${format} came; this version reads 0 and 1`);
}

/** Closes what was opened for a message that is not handed over. */
export function closeObjects(objects: readonly object[]): void {
  for (const one of objects as readonly { close?(): void }[]) one.close?.();
}

/** Takes the object of a descriptor by a second link (and those of the descriptors in it). */
function takeCopy(folder: string, descriptor: Descriptor, links: string[]): object {
  const copies: string[] = [];
  try {
    const copied = mapLinks(descriptor, (link) => {
      const copy = `${freshName()}${/\.[01]$/.exec(link)?.[0] ?? ""}`;
      copyLink(join(folder, link), join(folder, copy));
      copies.push(copy);
      links.push(link);
      return copy;
    });
    return takeHandle(folder, copied);
  } finally {
    for (const copy of copies) removeLink(folder, copy); // gone already, unless something failed
  }
}

function copyLink(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new CodecError("a message names an object that is gone", { cause });
    throw new SystemError(`take a message's object: ${code}`, { cause, errno: code, syscall: "link" });
  }
}

/** A descriptor with other links, its own and those of the descriptors that stand in it. */
function mapLinks(descriptor: Descriptor, change: (link: string) => string): Descriptor {
  checkLink(descriptor?.link);
  const mapped: Record<string, unknown> = { ...descriptor, link: change(descriptor.link) };
  for (const [name, part] of Object.entries(descriptor))
    if (typeof part === "object" && part !== null && "link" in part)
      mapped[name] = mapLinks(part as Descriptor, change);
  return mapped as Descriptor;
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
