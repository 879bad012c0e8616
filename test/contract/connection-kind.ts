import { test } from "node:test";
import type { AsyncConnection } from "interproc";

const farCalls = ["send", "sendMany", "sendBytes", "recv", "recvMany", "recvBytes", "poll", "close"] as const;
type FarCall = (typeof farCalls)[number];

/** What a test does with the other end, wherever that is: each call gives a promise. */
export type FarEnd = {
  [Name in FarCall]: (
    ...args: Parameters<AsyncConnection[Name]>
  ) => Promise<Awaited<ReturnType<AsyncConnection[Name]>>>;
};

/** A far end whose calls are done by `order`. */
export function farEnd(order: (method: FarCall, args: readonly unknown[]) => Promise<unknown>): FarEnd {
  return Object.fromEntries(farCalls.map((name) => [name, (...args: unknown[]) => order(name, args)])) as FarEnd;
}

/** Two connected ends. */
export interface Pair<C extends AsyncConnection = AsyncConnection> {
  readonly near: C;
  readonly far: FarEnd;
}

/** A transport and where its far end is. */
export interface ConnectionKind<C extends AsyncConnection = AsyncConnection> {
  readonly name: string;
  readonly transport: string;
  /** The far end is in another thread or process, so that this thread may block. */
  readonly isElsewhere: boolean;
  /** What its values go through; structured clones by default. */
  readonly codec?: "structured" | "json" | "pickle";
  /** A message that has begun cannot be voided: giving it up ends the connection. */
  readonly cannotVoid?: boolean;
  connect(): Promise<Pair<C>>;
}

/** A test that hangs is ended after this time. */
export const watchdog = { timeout: 20_000 };

/** Makes one sentence about a pair of fresh ends a test. */
export function sentences<C extends AsyncConnection>(
  kind: ConnectionKind<C>,
): (title: string, body: (pair: Pair<C>) => Promise<void>) => void {
  return (title, body) => {
    test(title, watchdog, async () => {
      const pair = await kind.connect();
      try {
        await body(pair);
      } finally {
        pair.near.close();
        await pair.far.close();
      }
    });
  };
}

/** Bytes that tell their place, so that a shift or a mix-up of messages shows. */
export function patterned(length: number, salt = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + salt) & 255;
  return bytes;
}

/** Calls that gave up leave the error's code here; anything else is a test that failed. */
export const codes = {
  timeout: { code: "ERR_INTERPROC_TIMEOUT" },
  closed: { code: "ERR_INTERPROC_CLOSED" },
  end: { code: "ERR_INTERPROC_EOF" },
  broken: { code: "ERR_INTERPROC_BROKEN_PIPE" },
  usage: { code: "ERR_INTERPROC_USAGE" },
  codec: { code: "ERR_INTERPROC_CODEC" },
  protocol: { code: "ERR_INTERPROC_PROTOCOL" },
} as const;
