import { CodecError } from "../errors.js";
import type { MessageCodec } from "./message-codec.js";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.js";

function sentence({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return keys.length > 0 ? `${keys.join(".")}: ${message}` : message;
}

/**
 * A codec whose received values a schema checks, and may change. One that does not fit is a CodecError that says what is
 * wrong, and the connection goes on; a schema that answers later is waited for.
 */
export function checkedCodec<Out, In>(codec: MessageCodec<Out, In>, schema: StandardSchema<In>): MessageCodec<Out, In> {
  const standard = schema["~standard"];
  const value = (result: SchemaResult<In>): In => {
    if (result.issues)
      throw new CodecError(`a message does not fit the schema: ${result.issues.map(sentence).join("; ")}`);
    return result.value;
  };
  return {
    ...(codec.isText && { isText: true }),
    encode: (out) => codec.encode(out),
    decode: (bytes) => {
      const result = standard.validate(codec.decode(bytes));
      return result instanceof Promise ? (result.then(value) as In) : value(result);
    },
  };
}
