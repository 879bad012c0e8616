/** Up to here V8 keeps a typed array's bytes in its own heap, without an ArrayBuffer to allocate. */
const IN_HEAP_BYTES = 64;
/** From here on memory that is not zeroed first pays. */
const LARGE_BYTES = 4096;

/** A Uint8Array of its own for bytes that are written next. What is in it at first is undefined. */
export function freshBytes(length: number): Uint8Array {
  return length < LARGE_BYTES ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** A copy of source[start…end), in the way that is fastest for its length. */
export function copyOf(source: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > IN_HEAP_BYTES && length < LARGE_BYTES) return source.slice(start, end);
  const copy = freshBytes(length);
  if (length > IN_HEAP_BYTES) copy.set(source.subarray(start, end));
  else for (let i = 0; i < length; i++) copy[i] = source[start + i];
  return copy;
}
