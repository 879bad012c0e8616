/** Bytes in memory of their own: a message that was cut out of a larger memory is copied, any other is given back as it is. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
