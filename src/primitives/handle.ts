import { HANDLE, StructuredDecoder, StructuredEncoder } from "../codec.js";
import { CodecError, UsageError } from "../errors.js";

/** What travels instead of the object: its kind, the link to it, and what the kind adds. */
export interface Descriptor {
  readonly kind: string;
  readonly link: string;
  readonly [more: string]: unknown;
}

/** An object on its way out. */
export interface Given {
  readonly descriptor: Descriptor;
  /** The message is on its way; `to` names the new owner. */
  commit(to: string): void;
  /** The message was given up: everything is as before. */
  undo(): void;
}

/** What an object that can be handed over has under {@link HANDLE}; other copies of the package call it too. */
export interface Handing {
  [HANDLE](folder: string): Given;
}

type Take = (folder: string, descriptor: Descriptor) => object;
const kinds = new Map<string, Take>();

/** Names what makes an object of a kind out of its descriptor. */
export function registerKind(kind: string, take: Take): void {
  kinds.set(kind, take);
}

export function isHandle(value: unknown): value is Handing {
  return typeof value === "object" && value !== null && HANDLE in value;
}

/** A link's name comes in a message: it must not lead out of its folder. */
export function checkLink(link: unknown): void {
  if (typeof link !== "string" || link === "" || /[/\0]/.test(link) || link.startsWith("."))
    throw new CodecError(`a handle came whose link is ${JSON.stringify(link)}`);
}

/** Makes the object that a descriptor stands for, out of the carrier's folder. */
export function takeHandle(folder: string, descriptor: Descriptor): object {
  checkLink(descriptor?.link);
  const take = kinds.get(String(descriptor?.kind));
  if (!take) throw new CodecError(`a handle of kind ${String(descriptor?.kind)} came, and this version has none`);
  return take(folder, descriptor);
}

const encoder = new StructuredEncoder();
const decoder = new StructuredDecoder();
const PREFIX = 8;

/** A message with handles: the value's length in a word, a word of 0, the value, the descriptors. */
export interface Parcel {
  readonly bytes: Uint8Array;
  readonly given: readonly Given[];
}

/** Encodes a value and links the objects in it into `folder`. What it throws has moved nothing. */
export function packHandles(value: unknown, folder: () => string): Parcel {
  const body = encoder.encode(value).slice();
  const objects = encoder.handles.slice() as Handing[];
  const given: Given[] = [];
  try {
    for (const object of objects) given.push(object[HANDLE](folder()));
    const descriptors = encoder.encode(given.map((one) => one.descriptor));
    const bytes = new Uint8Array(PREFIX + body.length + descriptors.length);
    new DataView(bytes.buffer).setUint32(0, body.length, true);
    bytes.set(body, PREFIX);
    bytes.set(descriptors, PREFIX + body.length);
    return { bytes, given };
  } catch (error) {
    for (const one of given.reverse()) one.undo();
    throw error;
  }
}

/** Decodes what {@link packHandles} made, taking the objects out of `folder`, by `take` if that is to be done otherwise. */
export function unpackHandles(
  bytes: Uint8Array,
  folder: string,
  take: (descriptor: Descriptor) => object = (descriptor) => takeHandle(folder, descriptor),
): unknown {
  if (bytes.length < PREFIX) throw new CodecError("a message with handles is shorter than its prefix");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length > bytes.length - PREFIX) throw new CodecError("a message with handles is shorter than it says");
  const descriptors = decoder.decode(bytes, PREFIX + length, bytes.length);
  if (!Array.isArray(descriptors)) throw new CodecError("a message with handles has no list of them");
  const taken: (object | undefined)[] = descriptors.map(() => undefined);
  return decoder.decode(bytes, PREFIX, PREFIX + length, (index) => {
    if (!(index in descriptors)) throw new CodecError(`a message names handle ${index} of ${descriptors.length}`);
    taken[index] ??= take(descriptors[index] as Descriptor);
    return taken[index] as object;
  });
}

/** Refuses to hand over what is in use or gone. */
export function cannotGive(label: string, why: string): UsageError {
  return new UsageError(`${label}: hand over, and ${why}`);
}
