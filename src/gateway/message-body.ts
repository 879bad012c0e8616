import type { AsyncMessage } from "../async-queue.js";
import type { Bodies, Body } from "./bodies.js";

/** A message's body for a client of ours: as it came, where it came from a broker. @throws CodecError */
export function messageBody(bodies: Bodies, message: AsyncMessage<unknown>): Body {
  const { bytes, contentType = "" } = message;
  return bytes !== undefined ? { bytes, contentType } : bodies.encode(message.value);
}
