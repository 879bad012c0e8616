import { pickleCodec } from "../codec/pickle/pickle-codec.js";
import { utf8Of } from "../codec/text.js";
import { StructuredDecoder, StructuredEncoder } from "../codec.js";
import { CodecError, UsageError } from "../errors.js";

/** Values into the bytes of a message, and back. */
export interface MessageCodec<Out = unknown, In = unknown> {
  encode(value: Out): Uint8Array;
  decode(bytes: Uint8Array): In;
  /** Its bytes are UTF-8 text: for programs that tell text from bytes, as WebSockets do. */
  readonly isText?: boolean;
  /** What it decodes has no memory in common with the message, which then need not be a copy of its own. */
  readonly sharesNothing?: boolean;
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
    sharesNothing: true,
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
    sharesNothing: true,
    encode: (value) => {
      let line: string | undefined;
      try {
        line = JSON.stringify(value);
      } catch (cause) {
        throw new CodecError(`a value cannot be written as JSON: ${(cause as Error).message}`, { cause });
      }
      if (line === undefined) throw new CodecError(`${typeof value} cannot be written as JSON`);
      return utf8Of(line);
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
    sharesNothing: true,
    encode: (value) => {
      if (typeof value !== "string") throw new CodecError(`send of ${typeof value}; allowed: a string`);
      return utf8Of(value);
    },
    decode: decodeText,
  },
  pickle: { ...pickleCodec(), sharesNothing: true },
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

/** A codec by its name, or one of the user's. @throws UsageError that says which there are */
export function codecOf(codec: CodecName | MessageCodec<never, unknown>, operation: string): MessageCodec {
  if (typeof codec === "string" && isCodecName(codec)) return messageCodec(codec);
  const own = codec as Partial<MessageCodec> | null;
  if (typeof own?.encode === "function" && typeof own.decode === "function") return own as MessageCodec;
  const names = Object.keys(codecs).map((name) => JSON.stringify(name));
  throw new UsageError(
    `${operation}: codec is ${typeof codec === "string" ? JSON.stringify(codec) : typeof codec}; allowed: ${names.join(", ")}, or { encode, decode }`,
  );
}
