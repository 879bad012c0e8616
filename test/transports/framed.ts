import type { Framing } from "#src/transports/framing.js";

/** A message as it goes out. */
export function framed(framing: Pick<Framing, "room" | "put">, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(framing.room(message.length));
  framing.put(message, bytes, 0);
  return bytes;
}
