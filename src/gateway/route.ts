import type { WebSocket } from "ws";
import type { Visitor } from "./door.js";
import type { Right } from "./gateway-options.js";

/** A JSON Schema, as OpenAPI 3.1 has them. */
export type Schema = Readonly<Record<string, unknown>>;

/** What a route answers: a sentence, and the schema where it is JSON. */
export interface Answer {
  readonly says: string;
  readonly json?: Schema;
  /** A value as it is: JSON, bytes or text. */
  readonly isValue?: boolean;
  /** The content type of a text that is none of a user's. */
  readonly type?: string;
  /** Server-Sent Events. */
  readonly isStream?: boolean;
  readonly headers?: Readonly<Record<string, Schema>>;
}

/** One operation: what the router matches, and what /openapi.json says of it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Such as `/queues/{queue}`. */
  readonly path: string;
  readonly name: string;
  readonly says: string;
  /** What one must be allowed with the object; any of several. */
  readonly rights: readonly Right[];
  readonly query?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, Schema>>;
  /** The schema of a JSON body, or `"value"` for a body that is a value. */
  readonly body?: Schema | "value";
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it refuses with for reasons of its own: a sentence for each status. */
  readonly refuses?: Readonly<Record<number, string>>;
  handle(call: Call): Promise<Response>;
  /** The same over a WebSocket: what is done with it once it is open. */
  upgrade?(call: Call): Promise<Upgrade>;
}

/** A request that was let in. */
export interface Call {
  readonly request: Request;
  readonly visitor: Visitor;
  /** What stands in the braces of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A WebSocket that may be opened. */
export interface Upgrade {
  opened(socket: WebSocket): void;
  /** It came to nothing. */
  failed(): void;
}
