import type { Peer } from "../channel.js";
import { UsageError } from "../errors.js";
import type { Key } from "./authenticate.js";
import { checkedCodec } from "./checked-codec.js";
import type { Framing } from "./framing.js";
import { lengthFrames } from "./length-frames.js";
import { lineFrames } from "./line-frames.js";
import { MAX_MESSAGE } from "./link-connection.js";
import { type CodecName, codecOf, type MessageCodec } from "./message-codec.js";
import { pythonFrames } from "./python-frames.js";
import { rawFrames } from "./raw-frames.js";
import type { StandardSchema } from "./standard-schema.js";

/** How messages stand in a stream of bytes. */
export type FramingName = "length" | "lines" | "raw" | "python";

/** Who may be at the other end of a unix socket. */
export type Allowed =
  | "same-user"
  | "anybody"
  | { readonly uids?: readonly number[]; readonly gids?: readonly number[] }
  | ((peer: Peer) => boolean);

/** Certificates and keys, as PEM. TLS is 1.2 or newer; who is at the other end is always checked. */
export interface TlsOptions {
  /** The certificate, with those between it and the authority. A listener needs one; a client where the listener asks. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  /** The authorities to trust, in place of the system's. A listener that has them asks its clients for certificates. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The name that the listener's certificate must have, where it is not the url's host. */
  readonly servername?: string;
}

/** What `listen` and `connect` have in common. Both sides must say the same of the first four. */
export interface ConnectionOptions<Out = unknown, In = unknown> {
  /**
   * On streams: `"length"` (default) is interproc's own, 4 bytes of length before each message; `"python"` is
   * `multiprocessing.connection`'s; `"lines"`: a message a line; `"raw"`: bytes as they come, cut anywhere.
   */
  framing?: FramingName;
  /** Default `"structured"`; with framing python `"pickle"`, with lines `"text"`, with raw `"bytes"`. */
  codec?: CodecName | MessageCodec<Out, In>;
  /** Both sides prove that they know it, as Python's do (HMAC). It is not sent, and nothing is encrypted. */
  authkey?: string | Uint8Array;
  /** Also speak MD5 in that handshake: Python 3.11 and older know nothing else. */
  md5?: boolean;
  /** Checks, and may change, what arrives: any Standard Schema. What does not fit is a CodecError. */
  schema?: StandardSchema<In>;
  /** The longest message, 64 MiB by default. */
  maxMessage?: number;
  /** So many sends may wait; 65,536 by default. More are a UsageError. */
  maxWaiting?: number;
  /** Milliseconds until the handshake must be done; 5,000 by default. */
  handshakeTimeout?: number;
  /**
   * Milliseconds after which a peer that takes nothing, while a message is under way to it, is given up. Default 300,000 for
   * connections that were accepted, never for others.
   */
  slowPeerTimeout?: number;
  /** Who may be at the other end of a unix socket; default `"same-user"`. */
  allow?: Allowed;
  tls?: TlsOptions;
}

/** The options, checked, with their defaults. */
export interface Settings {
  readonly framing: Framing;
  readonly framingName: FramingName;
  readonly codec: MessageCodec;
  /** The codec is the one that shared memory has by itself, whatever a schema says of what arrives. */
  readonly isStructured: boolean;
  readonly schema: StandardSchema | undefined;
  readonly key: Key | undefined;
  readonly maxMessage: number;
  readonly maxWaiting: number;
  readonly handshakeTimeout: number;
  readonly slowPeerTimeout: number;
  readonly allow: Allowed;
  readonly tls: TlsOptions;
}

const framings: Readonly<Record<FramingName, Framing>> = {
  length: lengthFrames(true),
  lines: lineFrames,
  raw: rawFrames,
  python: pythonFrames,
};
const defaultCodecs: Readonly<Record<FramingName, CodecName>> = {
  length: "structured",
  lines: "text",
  raw: "bytes",
  python: "pickle",
};
const list = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");

/** @throws UsageError that names what is wrong and what is allowed */
export function settingsOf(
  options: ConnectionOptions<never, unknown>,
  operation: string,
  isListener: boolean,
): Settings {
  if (typeof options !== "object" || options === null)
    throw new UsageError(`${operation}: the options are ${shown(options)}; allowed: an object, or none`);
  const { framing = "length", codec = defaultCodecs[framing], schema, allow = "same-user", tls = {} } = options;
  if (!Object.hasOwn(framings, framing))
    throw new UsageError(`${operation}: framing is ${shown(framing)}; allowed: ${list(Object.keys(framings))}`);
  const key = keyOf(options, operation);
  if (key && (framing === "lines" || framing === "raw"))
    throw new UsageError(`${operation}: authkey with framing ${list([framing])}; allowed: "length" or "python"`);
  if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function")
    throw new UsageError(`${operation}: schema is no Standard Schema; allowed: an object with "~standard"`);
  const bare = codecOf(codec, operation);
  return {
    framing: framings[framing],
    framingName: framing,
    codec: schema ? checkedCodec(bare, schema) : bare,
    isStructured: codec === "structured",
    schema,
    key,
    maxMessage: count(options.maxMessage, MAX_MESSAGE, "maxMessage", operation),
    maxWaiting: count(options.maxWaiting, 65_536, "maxWaiting", operation),
    handshakeTimeout: count(options.handshakeTimeout, 5000, "handshakeTimeout", operation),
    slowPeerTimeout: count(
      options.slowPeerTimeout,
      isListener ? 300_000 : Number.POSITIVE_INFINITY,
      "slowPeerTimeout",
      operation,
    ),
    allow: allowedOf(allow, operation),
    tls,
  };
}

/** A whole number of 1 or more, or Infinity. @throws UsageError */
export function count(value: number | undefined, otherwise: number, what: string, operation: string): number {
  if (value === undefined) return otherwise;
  if (value !== Number.POSITIVE_INFINITY && !(Number.isInteger(value) && value >= 1))
    throw new UsageError(`${operation}: ${what} is ${shown(value)}; allowed: 1 or more`);
  return value;
}

/** @throws UsageError: what is no rule would refuse everybody, or nobody knows whom */
function allowedOf(allow: Allowed, operation: string): Allowed {
  if (allow === "same-user" || allow === "anybody" || typeof allow === "function") return allow;
  const { uids = [], gids = [] } = (typeof allow === "object" && allow) || { uids: [Number.NaN] };
  if (Array.isArray(uids) && Array.isArray(gids) && [...uids, ...gids].every((id) => Number.isInteger(id) && id >= 0))
    return allow;
  throw new UsageError(
    `${operation}: allow is ${typeof allow === "object" ? JSON.stringify(allow) : shown(allow)}; ` +
      'allowed: "same-user", "anybody", { uids: [numbers], gids: [numbers] }, or a function of the peer',
  );
}

/** A text that stands for a number is seen to be a text. */
const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

function keyOf({ authkey, md5 = false }: ConnectionOptions<never, unknown>, operation: string): Key | undefined {
  if (authkey === undefined) {
    if (md5) throw new UsageError(`${operation}: md5 without an authkey`);
    return undefined;
  }
  if (typeof authkey !== "string" && !(authkey instanceof Uint8Array))
    throw new UsageError(`${operation}: authkey is ${typeof authkey}; allowed: a string or a Uint8Array`);
  const key = typeof authkey === "string" ? new TextEncoder().encode(authkey) : authkey.slice();
  if (key.length === 0) throw new UsageError(`${operation}: authkey is empty; allowed: one byte or more`);
  return { key, md5 };
}
