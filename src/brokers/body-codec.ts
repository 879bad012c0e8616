import { ownCopy } from "../codec/own-copy.js";
import { CodecError, UsageError } from "../errors.js";
import { type CodecName, isCodecName, type MessageCodec, messageCodec } from "../transports/message-codec.js";
import { checked, type StandardSchema } from "../transports/standard-schema.js";

/** What each codec's bytes are called in a message's content type. */
const contentTypes: Readonly<Record<CodecName, string>> = {
  structured: "application/vnd.interproc",
  json: "application/json",
  text: "text/plain; charset=utf-8",
  bytes: "application/octet-stream",
  pickle: "application/x-python-serialize",
};
const OWN = "application/vnd.interproc.own";

interface BodyOptions<T> {
  readonly codec?: CodecName | MessageCodec<T, T>;
  readonly schema?: StandardSchema<T>;
}

/**
 * Values into bodies, and back. Going out, the queue's codec decides. Coming in, what the sender said that the bytes are
 * does, so that programs with other codecs, and none of ours, can put into the same queue: JSON arrives as its value, text
 * as a string, anything else as bytes. A body without a content type goes through the queue's codec if it was given one,
 * and arrives as bytes if not.
 */
export class BodyCodec<T> {
  readonly contentType: string;
  private readonly codec: MessageCodec;
  private readonly isGiven: boolean;
  private readonly schema: StandardSchema<T> | undefined;

  /** @throws UsageError for a codec or a schema that is none */
  constructor({ codec = undefined, schema }: BodyOptions<T>, operation: string) {
    this.isGiven = codec !== undefined;
    if (codec === undefined || (typeof codec === "string" && isCodecName(codec))) {
      this.codec = messageCodec(codec ?? "structured");
      this.contentType = contentTypes[codec ?? "structured"];
    } else {
      if (typeof codec !== "object" || typeof codec?.encode !== "function" || typeof codec.decode !== "function")
        throw new UsageError(
          `${operation}: codec is ${String(codec)}; allowed: ${Object.keys(contentTypes).join(", ")}, or an object with encode and decode`,
        );
      this.codec = codec as MessageCodec;
      this.contentType = OWN;
    }
    if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function")
      throw new UsageError(`${operation}: schema is no Standard Schema; allowed: an object with "~standard"`);
    this.schema = schema;
  }

  /** What bodies are called when the codec is one of the user's own; undefined when it is one of ours. */
  get ownType(): string | undefined {
    return this.contentType === OWN ? OWN : undefined;
  }

  /** A copy of its own: codecs give bytes that the next message, or the caller, writes over. @throws CodecError */
  encode(value: T): Uint8Array {
    return ownCopy(this.codec.encode(value));
  }

  /** @throws CodecError that has the bytes as `undelivered` */
  async decode(body: Uint8Array, contentType: string | undefined): Promise<T> {
    let value: unknown;
    try {
      value = this.codecFor(contentType).decode(body);
    } catch (cause) {
      throw new CodecError(
        `a message of ${body.length} bytes cannot be decoded as ${contentType ?? this.contentType}: ${(cause as Error).message}`,
        { cause, undelivered: body },
      );
    }
    return this.schema ? checked(this.schema, value, "a message") : (value as T);
  }

  private codecFor(contentType: string | undefined): MessageCodec {
    if (contentType === undefined || contentType === "") return this.isGiven ? this.codec : messageCodec("bytes");
    const type = contentType.split(";")[0].trim().toLowerCase();
    if (type === OWN) return this.contentType === OWN ? this.codec : messageCodec("bytes");
    if (type === contentTypes.structured) return messageCodec("structured");
    if (type === contentTypes.pickle) return messageCodec("pickle");
    if (type === contentTypes.json || type.endsWith("+json")) return messageCodec("json");
    return messageCodec(type.startsWith("text/") ? "text" : "bytes");
  }
}
