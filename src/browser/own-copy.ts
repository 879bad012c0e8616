/** A copy that nobody else writes to. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}
