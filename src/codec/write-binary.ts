import { types } from "node:util";
import { CodecError } from "../errors.js";
import { bufferPrototype } from "./buffer-prototype.js";
import { refusal } from "./refusal.js";
import { TAG, viewKinds } from "./structured.layout.js";
import type { ValueWriter } from "./value-writer.js";

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

function getter<T>(prototype: object, key: string | symbol): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as (this: unknown) => T;
}

/** The engine's own getters: a subclass that overrides one cannot make the codec read elsewhere. */
const ofTypedArray = {
  kind: getter<string | undefined>(typedArray, Symbol.toStringTag),
  buffer: getter<ArrayBufferLike>(typedArray, "buffer"),
  byteOffset: getter<number>(typedArray, "byteOffset"),
  byteLength: getter<number>(typedArray, "byteLength"),
};
const ofDataView = {
  buffer: getter<ArrayBufferLike>(DataView.prototype, "buffer"),
  byteOffset: getter<number>(DataView.prototype, "byteOffset"),
  byteLength: getter<number>(DataView.prototype, "byteLength"),
};

type ViewConstructor = { readonly prototype: object; readonly BYTES_PER_ELEMENT?: number };

/** The constructors of `viewKinds`; undefined where the runtime lacks one. */
const constructors = viewKinds.map(
  (name) => (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name],
);

export const viewPrototypes: readonly object[] = [
  bufferPrototype,
  ...constructors.flatMap((one) => (one === undefined ? [] : [one.prototype])),
];

/** A typed array or DataView: where it lies in a buffer, whose bytes follow behind the value. */
export function writeView(writer: ValueWriter, view: ArrayBufferView, position: number): number {
  const name = ofTypedArray.kind.call(view) ?? "DataView";
  const kind = (viewKinds as readonly string[]).indexOf(name);
  const get = name === "DataView" ? ofDataView : ofTypedArray;
  const buffer = get.buffer.call(view);
  if (kind < 0) throw refusal(view, writer.openPath);
  if (!types.isArrayBuffer(buffer)) throw refusal(buffer, writer.openPath);
  const byteLength = readOr(-1, () => get.byteLength.call(view));
  if (byteLength <= 0 && (byteLength < 0 || isDetached(buffer))) throw detached(writer, name);
  const byteOffset = get.byteOffset.call(view);
  const size = constructors[kind]?.BYTES_PER_ELEMENT ?? 1;
  const number = writer.buffers.add(writer, buffer, byteOffset, byteOffset + byteLength, size, isAlone(view, buffer));
  let at = writer.byte(kind, writer.byte(TAG.view, position));
  at = writer.varint(byteOffset, writer.varint(number, at));
  return writer.varint(byteLength / size, at);
}

/** A whole ArrayBuffer; a resizable one arrives with its present length, fixed. */
export function writeArrayBuffer(writer: ValueWriter, buffer: ArrayBuffer, position: number): number {
  if (isDetached(buffer)) throw detached(writer, "ArrayBuffer");
  const number = writer.buffers.add(writer, buffer, 0, buffer.byteLength, 1, false);
  return writer.tagged(TAG.arrayBuffer, number, position);
}

/** Buffers that are parts of a larger memory mostly have it in common by chance: small ones lie in Node's pool. */
function isAlone(view: ArrayBufferView, buffer: ArrayBuffer): boolean {
  return Object.prototype.isPrototypeOf.call(bufferPrototype, view) && view.byteLength !== buffer.byteLength;
}

function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  return readOr(-1, () => new Uint8Array(buffer).length) < 0;
}

/** A view of a detached or shrunk buffer throws, whatever is asked. */
function readOr(other: number, read: () => number): number {
  try {
    return read();
  } catch {
    return other;
  }
}

function detached(writer: ValueWriter, name: string): CodecError {
  return new CodecError(
    `encode: a detached ${name} cannot be sent, at ${writer.openPath}; its memory was given away or closed`,
  );
}
