import { viewKinds } from "./structured.layout.js";
import type { ValueReader } from "./value-reader.js";

interface ViewConstructor {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
}

const constructors = viewKinds.map(
  (name) => (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name],
);

export function readArrayBuffer(reader: ValueReader): ArrayBuffer {
  const { buffer } = reader.buffer();
  reader.track(buffer);
  return buffer;
}

export function readView(reader: ValueReader): ArrayBufferView {
  const kind = reader.byte();
  if (kind >= viewKinds.length) throw reader.broken(`unknown kind of view ${kind}`);
  const View = constructors[kind];
  if (View === undefined) throw reader.broken(`a ${viewKinds[kind]}, which this runtime does not have`);
  const { buffer, base } = reader.buffer();
  const offset = reader.varint() - base;
  const length = reader.varint();
  const size = View.BYTES_PER_ELEMENT ?? 1;
  if (offset < 0 || offset % size !== 0 || offset + length * size > buffer.byteLength)
    throw reader.broken(`a ${viewKinds[kind]} that is not within its buffer`);
  const view = new View(buffer, offset, length);
  reader.track(view);
  return view;
}
