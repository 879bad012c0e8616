import type { AsyncConnection } from "../channel.js";
import { UsageError } from "../errors.js";
import { remotePath } from "./remote-path.js";
import { Session } from "./session.js";

/** How long a call may take, and how many there may be at once. */
export interface RemoteOptions {
  /** Milliseconds within which each call must be answered; default: for ever. */
  timeout?: number;
  /** Calls under way at once, 1,024 by default; further ones wait for their turn, and are encoded when it comes. */
  maxCalls?: number;
}

/** What a call gives: a promise; of a sequence one that can also be iterated at once. */
export type RemoteResult<R> = [Awaited<R>] extends [AsyncIterable<infer Item>]
  ? Promise<AsyncIterableIterator<Item>> & AsyncIterable<Item>
  : [Awaited<R>] extends [IterableIterator<infer Item>]
    ? Promise<AsyncIterableIterator<Item>> & AsyncIterable<Item>
    : [Awaited<R>] extends [(...args: infer Args) => infer Result]
      ? Promise<(...args: Args) => RemoteResult<Result>>
      : Promise<Awaited<R>>;

/** What a member must be called to be reached. */
type PublicName<Name> = Name extends
  | `_${string}`
  | keyof CallableFunction
  | "constructor"
  | "valueOf"
  | "then"
  | "toJSON"
  ? never
  : Name & string;

/** An api as the other side sees it: its methods, awaited, and the objects in it. */
export type Remote<Api> = {
  readonly [Name in keyof Api as Api[Name] extends object ? PublicName<Name> : never]: Api[Name] extends (
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => RemoteResult<Result>
    : Remote<Api[Name]>;
};

/**
 * The object that the other side of a connection exposes, as functions that call it there. Arguments and results are
 * copies, as in messages, except functions, signals (`AbortSignal`) and sequences (async iterables, streams, generators),
 * which are live: a function is called where it is, a signal fires there too, items come as they are asked for and no
 * further ahead than a few. They may stand anywhere in arrays and plain objects, up to a depth of 16.
 *
 * When a signal among the arguments aborts, the call rejects with its reason at once. A function that the other side gets
 * lives until it is collected or disposed of there (`Symbol.dispose`). An idle remote object does not keep the process alive.
 *
 * A call rejects with:
 *
 * @throws RemoteError what the method threw, with the remote stack; for what is not exposed
 * @throws CodecError for an argument that cannot be sent
 * @throws AbandonedError when the other side closes or dies first, at once; ClosedError when this side closes
 * @throws TimeoutError
 */
export function remote<Api extends object>(
  conn: AsyncConnection,
  options: RemoteOptions = {},
): Remote<Api> & Disposable {
  const { timeout, maxCalls } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
    throw new UsageError(`remote(): timeout is ${String(timeout)}; allowed: milliseconds, 0 or more`);
  if (maxCalls !== undefined && !(Number.isInteger(maxCalls) && maxCalls >= 1))
    throw new UsageError(`remote(): maxCalls is ${String(maxCalls)}; allowed: 1 or more`);
  const session = Session.of(conn, "remote()");
  if (maxCalls !== undefined) session.mostCalls = maxCalls;
  const call = (target: string | readonly string[], args: unknown[]) => session.call(target, args, timeout);
  return remotePath(call, { [Symbol.dispose]: () => session.close() }) as Remote<Api> & Disposable;
}
