import { CodecError, UsageError } from "../errors.js";
import { messageCodec } from "../transports/message-codec.js";
import type { CallAnswer } from "./calls-by-url.layout.js";

/** The codecs that calls by url have. */
export type CallCodecName = "structured" | "json";

const JSON_TYPE = "application/json";
const STRUCTURED_TYPE = "application/vnd.interproc";

/** Values of calls as what stands in their messages, and messages as bytes. */
export class CallCodec {
  private constructor(
    private readonly name: CallCodecName,
    readonly contentType: string,
  ) {}

  static readonly structured = new CallCodec("structured", STRUCTURED_TYPE);
  static readonly json = new CallCodec("json", JSON_TYPE);

  /** @throws UsageError for one that calls cannot have */
  static named(name: CallCodecName | undefined = "structured", operation: string): CallCodec {
    if (name === "structured" || name === "json") return CallCodec[name];
    throw new UsageError(`${operation}: codec is ${String(name)}; allowed: "structured", "json"`);
  }

  /** The one in which somebody writes who has sent that. */
  static of(contentType: string | undefined): CallCodec {
    return contentType?.startsWith(JSON_TYPE) ? CallCodec.json : CallCodec.structured;
  }

  /** Arguments or a result, as they stand in a message. @throws CodecError */
  pack(value: unknown): unknown {
    if (this.name === "structured") return new Uint8Array(messageCodec("structured").encode(value));
    // what JSON refuses is refused here, and not with the message around it
    if (value !== undefined) messageCodec("json").encode(value);
    return value;
  }

  /** @throws CodecError */
  unpack(packed: unknown): unknown {
    if (this.name === "json") return packed;
    if (!(packed instanceof Uint8Array)) throw new CodecError("a call's value came that is no bytes");
    return messageCodec("structured").decode(packed);
  }

  /** @throws CodecError */
  encode(message: CallAnswer): Uint8Array {
    return new Uint8Array(messageCodec(this.name).encode(message));
  }

  /** @throws CodecError */
  decode(body: Uint8Array): unknown {
    return messageCodec(this.name).decode(body);
  }
}
