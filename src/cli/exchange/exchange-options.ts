import type { FramingName } from "../../transports/connection-options.js";
import type { CodecName } from "../../transports/message-codec.js";

/** What `send` and `recv` have in common. */
export interface ExchangeOptions {
  /** The url is a topic's. */
  readonly topic?: boolean;
  /** The url is a connection's. */
  readonly connection?: boolean;
  /** Waits for one connection at the url, instead of connecting to it. */
  readonly listen?: boolean;
  readonly framing?: FramingName;
  readonly codec?: CodecName;
  /** A file with the key that both sides prove to know. */
  readonly authkeyFile?: string;
  /** Lines are JSON values. */
  readonly json?: boolean;
  /** No lines: bytes as they come. */
  readonly bytes?: boolean;
  /** Milliseconds for each message. */
  readonly timeout?: number;
}
