import { UsageError } from "./errors.js";

/** A buffer as bytes. */
function bytesOf(buffer: ArrayBufferView | ArrayBuffer, operation: string): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  throw new UsageError(
    `${operation} of ${buffer === null ? "null" : typeof buffer}; allowed: an ArrayBuffer or a view of one`,
  );
}

/** @throws UsageError unless the value is an integer from 0 to `most` */
export function checkIndex(value: number, most: number, what: string, operation: string): void {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new UsageError(`${operation}: ${what} is ${String(value)}; allowed: 0 to ${most}`);
}

/** The part of a buffer that is to be sent. */
export function part(
  buffer: ArrayBufferView | ArrayBuffer,
  options: { offset?: number; size?: number } | undefined,
  operation: string,
): Uint8Array {
  const bytes = bytesOf(buffer, operation);
  if (options === undefined) return bytes;
  const { offset = 0, size } = options;
  checkIndex(offset, bytes.length, "offset", operation);
  if (size !== undefined) checkIndex(size, bytes.length - offset, "size", operation);
  return bytes.subarray(offset, size === undefined ? undefined : offset + size);
}

/** The part of a buffer that a message is copied into. */
export function rest(buffer: ArrayBufferView | ArrayBuffer, offset: number | undefined, operation: string): Uint8Array {
  const bytes = bytesOf(buffer, operation);
  if (!offset) return bytes;
  checkIndex(offset, bytes.length, "offset", operation);
  return bytes.subarray(offset);
}

export function checkMax(max: number, operation: string): void {
  if (!Number.isInteger(max) || max < 1)
    throw new UsageError(`${operation} of ${String(max)} messages; allowed: 1 or more`);
}

export function checkLimit(maxLength: number | undefined, operation: string): void {
  if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength >= 0))
    throw new UsageError(`${operation}: maxLength is ${String(maxLength)}; allowed: 0 or more, or undefined`);
}
