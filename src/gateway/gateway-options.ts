/** What a token's holder may do with an object: look and take; put, publish and set; make, purge, shut down and delete. */
export type Right = "read" | "write" | "admin";

/** A token and what it is good for. Patterns are objects' paths, such as `queues/jobs`, with `*` for any characters. */
export interface GatewayToken {
  /** What clients send as `Authorization: Bearer …`: at least 16 of `A-Z a-z 0-9 - . _ ~ + / =`. */
  readonly token: string;
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly admin?: readonly string[];
}

/** How a gateway is made. */
export interface GatewayOptions {
  /** Who may ask. A string may do everything. Without tokens only clients of this machine are answered, by `hosts`. */
  readonly tokens?: readonly (string | GatewayToken)[];
  /**
   * The `Host` headers that are answered, compared as text. Default without tokens: `127.0.0.1`, `[::1]` and `localhost`
   * with any port; with tokens: all.
   */
  readonly hosts?: readonly string[];
  /**
   * The origins of pages that may ask besides the gateway's own, such as `https://example.org`. Default none: a page of another
   * site is refused, with or without a token.
   */
  readonly origins?: readonly string[];
  /**
   * An object whose methods are called by `POST /api/NAME` with a JSON array of arguments; a method of an object in it is
   * `outer.inner`. What of it can be called is what `expose` would let be called.
   */
  readonly api?: object;
  /** The path below which the gateway is mounted, such as `/ipc`. */
  readonly prefix?: string;
  /** What stands before a queue's name to make its url: `shm:` (default), `file:/var/jobs/`, `redis://host/` … */
  readonly queues?: string;
  /** The same for topics. */
  readonly topics?: string;
  /** Bytes of a body; default 4 MiB. */
  readonly maxBody?: number;
  /** Requests that are answered at once, those that wait included; default 1000. One more is answered 429. */
  readonly maxRequests?: number;
  /** Streams of events, WebSockets and clients' sessions that are open at once; default 1000. One more is answered 429. */
  readonly maxStreams?: number;
  /** Objects of a kind that are open at once; default 1000. */
  readonly maxObjects?: number;
  /** Milliseconds after which a message that was taken and not settled goes back; default 30,000. */
  readonly lease?: number;
}
