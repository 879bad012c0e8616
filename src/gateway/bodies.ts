import { CodecError } from "../errors.js";
import { messageCodec } from "../transports/message-codec.js";
import { isJson } from "./is-json.js";
import { Problem } from "./problem.js";

/** Bytes and what they are. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

const STRUCTURED = "application/vnd.interproc";
const JSON_TYPE = "application/json";
const BYTES = "application/octet-stream";

/** Values in the bodies of requests and answers. */
export class Bodies {
  constructor(private readonly maxBody: number) {}

  /** Reads a body, never more than allowed. @throws Problem 413 */
  async read(request: Request): Promise<Uint8Array> {
    const tooLarge = (): Problem =>
      new Problem(413, `the body is too large; at most ${this.maxBody} bytes`, { code: "ERR_INTERPROC_USAGE" });
    if (Number(request.headers.get("content-length") ?? 0) > this.maxBody) throw tooLarge();
    if (!request.body) return new Uint8Array();
    const parts: Uint8Array[] = [];
    let length = 0;
    const reader = request.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > this.maxBody) {
        reader.cancel().catch(() => undefined);
        throw tooLarge();
      }
      parts.push(next.value);
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** Reads a body that must be a JSON object; {} when there is none. @throws Problem 413, 415, 422 */
  async readObject(request: Request): Promise<Readonly<Record<string, unknown>>> {
    const value = await this.readJson(request);
    if (value === undefined) return {};
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Problem(422, "the body is no JSON object", { code: "ERR_INTERPROC_CODEC" });
    return value as Record<string, unknown>;
  }

  /** Reads a body that must be a JSON array; [] when there is none. @throws Problem 413, 415, 422 */
  async readArray(request: Request): Promise<readonly unknown[]> {
    const value = await this.readJson(request);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw new Problem(422, "the body is no JSON array", { code: "ERR_INTERPROC_CODEC" });
    return value;
  }

  /** Reads a body that is a value. @throws Problem 413, 415, 422 */
  async readValue(request: Request): Promise<{ readonly value: unknown; readonly bytes: Uint8Array }> {
    const contentType = request.headers.get("content-type") ?? "";
    if (!isKnown(contentType)) throw unsupported(request, `${JSON_TYPE}, ${BYTES}, text/plain, ${STRUCTURED}`);
    const bytes = await this.read(request);
    return { value: this.decode({ bytes, contentType }), bytes };
  }

  private async readJson(request: Request): Promise<unknown> {
    const bytes = await this.read(request);
    if (bytes.length === 0) return undefined;
    if (typeOf(request.headers.get("content-type")) !== JSON_TYPE) throw unsupported(request, JSON_TYPE);
    return this.decode({ bytes, contentType: JSON_TYPE });
  }

  /** What bytes are, by their type; those of an unknown type are bytes. @throws Problem 422 */
  decode({ bytes, contentType }: Body): unknown {
    const type = typeOf(contentType);
    const codec =
      type === JSON_TYPE ? "json" : type === STRUCTURED ? "structured" : type.startsWith("text/") ? "text" : "bytes";
    try {
      return messageCodec(codec).decode(bytes);
    } catch (error) {
      throw new Problem(422, `the body cannot be decoded as ${type}: ${(error as Error).message}`, {
        code: "ERR_INTERPROC_CODEC",
      });
    }
  }

  /** A value as one of our own clients takes it. @throws CodecError */
  encode(value: unknown): Body {
    if (value instanceof Uint8Array) return { bytes: value, contentType: BYTES };
    return { bytes: new Uint8Array(messageCodec("structured").encode(value)), contentType: STRUCTURED };
  }

  /**
   * A value as the client accepts it: bytes are bytes, all else JSON where JSON can carry it, and the structured format
   * where it cannot. @throws Problem 406 when the client accepts none that can carry it; CodecError
   */
  encodeFor(value: unknown, accept: string | null): Body {
    const accepted = (accept ?? "*/*").split(",").map(typeOf);
    const accepts = (type: string): boolean =>
      accepted.some((one) => one === type || one === "*/*" || one === `${type.split("/")[0]}/*`);
    if (value instanceof Uint8Array) {
      if (accepts(BYTES)) return { bytes: value, contentType: BYTES };
    } else if (accepts(JSON_TYPE) && isJson(value)) {
      return { bytes: Buffer.from(JSON.stringify(value)), contentType: JSON_TYPE };
    }
    if (accepts(STRUCTURED)) return { ...this.encode(value), contentType: STRUCTURED };
    throw new Problem(406, `the value cannot be sent as ${accept}; it can as ${BYTES} or ${STRUCTURED}`, {
      code: new CodecError("").code,
    });
  }
}

const typeOf = (contentType: string | null): string => (contentType ?? "").split(";")[0].trim().toLowerCase();

const isKnown = (contentType: string): boolean =>
  [JSON_TYPE, STRUCTURED, BYTES, "text/plain"].includes(typeOf(contentType));

const unsupported = (request: Request, allowed: string): Problem =>
  new Problem(
    415,
    `the body's type is ${JSON.stringify(request.headers.get("content-type") ?? "")}; allowed: ${allowed}`,
    { code: "ERR_INTERPROC_USAGE", headers: { accept: allowed } },
  );
