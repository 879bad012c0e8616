import type { MessageCodec } from "./message-codec.js";
import { checked, type StandardSchema } from "./standard-schema.js";

/**
 * A codec whose received values a schema checks, and may change. One that does not fit is a CodecError that says what is
 * wrong, and the connection goes on; a schema that answers later is waited for.
 */
export function checkedCodec<Out, In>(codec: MessageCodec<Out, In>, schema: StandardSchema<In>): MessageCodec<Out, In> {
  return {
    ...(codec.isText && { isText: true }),
    ...(codec.sharesNothing && { sharesNothing: true }),
    encode: (out) => codec.encode(out),
    decode: (bytes) => checked(schema, codec.decode(bytes), "a message") as In,
  };
}
