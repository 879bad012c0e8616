import { pickleCodec } from "../codec/pickle/pickle-codec.js";
import { StructuredDecoder, StructuredEncoder } from "../codec.js";
import { CodecError } from "../errors.js";

/** Values into the bytes of a message, and back. */
export interface MessageCodec<Out = unknown, In = unknown> {
  encode(value: Out): Uint8Array;
  decode(bytes: Uint8Array): In;
  /** Its bytes are UTF-8 text: for programs that tell text from bytes, as WebSockets do. */
  readonly isText?: boolean;
}

/** The codecs that have a name; see {@link ConnectionOptions}. */
export type CodecName = "structured" | "json" | "text" | "bytes" | "pickle";

const encoder = new StructuredEncoder();
const decoder = new StructuredDecoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return text.decode(bytes);
  } catch (cause) {
    throw new CodecError(`a message of ${bytes.length} bytes is no UTF-8 text`, { cause });
  }
}

const codecs: Record<CodecName, MessageCodec> = {
  structured: {
    encode: (value) => {
      const bytes = encoder.encode(value);
      if (encoder.handles.length > 0)
        throw new CodecError("a shared object or a connection's end travels over shared memory only");
      return bytes;
    },
    decode: (bytes) => decoder.decode(bytes, 0, bytes.length),
  },
  json: {
    isText: true,
    encode: (value) => {
      let line: string | undefined;
      try {
        line = JSON.stringify(value);
      } catch (cause) {
        throw new CodecError(`a value cannot be written as JSON: ${(cause as Error).message}`, { cause });
      }
      if (line === undefined) throw new CodecError(`${typeof value} cannot be written as JSON`);
      return Buffer.from(line);
    },
    decode: (bytes) => {
      const found = decodeText(bytes);
      try {
        return JSON.parse(found);
      } catch (cause) {
        throw new CodecError(`a message is no JSON: ${(cause as Error).message}`, { cause });
      }
    },
  },
  text: {
    isText: true,
    encode: (value) => {
      if (typeof value !== "string") throw new CodecError(`send of ${typeof value}; allowed: a string`);
      return Buffer.from(value);
    },
    decode: decodeText,
  },
  pickle: pickleCodec(),
  bytes: {
    encode: (value) => {
      if (!(value instanceof Uint8Array)) throw new CodecError(`send of ${typeof value}; allowed: a Uint8Array`);
      return value;
    },
    decode: (bytes) => bytes,
  },
};

export const isCodecName = (name: string): name is CodecName => Object.hasOwn(codecs, name);

/** The codec of that name. */
export function messageCodec(name: CodecName): MessageCodec {
  return codecs[name];
}
