/** A copy that nobody else writes to; out of Node's pool, where it is short. A page has another one (src/browser). */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes);
}
