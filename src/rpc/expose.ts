import type { AsyncConnection } from "../channel.js";
import { UsageError } from "../errors.js";
import { Session } from "./session.js";

/** How much the other side may ask at once. */
export interface ExposeOptions {
  /** Calls of the other side that run at once, 4,096 by default; each further one fails with an error that is `retryable`. */
  maxServed?: number;
}

/** An object that is served to the other side of a connection. */
export interface Exposed extends Disposable {
  /** Resolves when the connection has ended, on whichever side. */
  readonly closed: Promise<void>;
  /** Ends the connection: calls of both sides that wait reject. Allowed twice. */
  close(): void;
  /** Serving keeps the process alive, as at first. */
  ref(): this;
  unref(): this;
}

/**
 * Lets the other side of a connection call an object's methods, by `remote`. The connection belongs to the calls from then on,
 * in both directions: either side may expose and call.
 *
 * Methods begin in the order of the calls and may end in any; what they return or throw goes back. They get live functions,
 * signals and sequences where the caller passed some, and may return them. When the other side closes or dies, signals
 * that it had passed fire, and sequences that it was reading are ended (`return` runs).
 *
 * What can be called: the functions in a plain object and, by paths, in the objects in it; of an instance, the methods of its
 * class and those above it. Nothing that all objects or functions have, no `then` or `constructor`, nothing whose name begins
 * with `_` or `#`, nothing behind a getter; and the functions that were passed.
 *
 * @throws UsageError when the connection exposes something already
 * @example
 * const [mine, theirs] = pipe();
 * const clock = { add: (a: number, b: number) => a + b };
 * expose(theirs, clock);
 * console.log(await remote<typeof clock>(mine).add(1, 2)); // 3
 */
export function expose(conn: AsyncConnection, api: object, options: ExposeOptions = {}): Exposed {
  if (typeof api !== "object" || api === null)
    throw new UsageError(`expose(): the api is ${String(api)}; allowed: an object with methods`);
  const { maxServed } = options;
  if (maxServed !== undefined && !(Number.isInteger(maxServed) && maxServed >= 1))
    throw new UsageError(`expose(): maxServed is ${String(maxServed)}; allowed: 1 or more`);
  const session = Session.of(conn, "expose()");
  session.expose(api);
  if (maxServed !== undefined) session.serving.most = maxServed;
  const exposed: Exposed = {
    closed: session.closed,
    close: () => session.close(),
    ref: () => {
      session.setHeld(true);
      return exposed;
    },
    unref: () => {
      session.setHeld(false);
      return exposed;
    },
    [Symbol.dispose]: () => session.close(),
  };
  return exposed;
}
