import { UsageError } from "../errors.js";
import type { MessageCodec } from "../transports/message-codec.js";

/** Pickle is for programs in Python, which pages do not meet: it is left out of the browser build, and says so. */
export function pickleCodec(): MessageCodec {
  const refuse = (): never => {
    throw new UsageError('codec is "pickle"; allowed in a browser: "structured", "json", "text", "bytes"');
  };
  return { encode: refuse, decode: refuse };
}
