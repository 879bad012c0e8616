import type { Connection } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { AuthenticationError, EOFError, ExistsError, NotFoundError } from "../errors.js";
import type { Entrance } from "./arrival.js";

/** What the listener says first: it has taken the connection. The number is whether it asks for a key. */
const KEYLESS = 1;
const ASKS_FOR_KEY = 2;

const doors = () => import("../primitives/queue/connection-queue.js");

/** Listens in shared memory under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
export async function openShmEntrance(
  name: string,
  asksForKey: boolean,
  take: (connection: Connection) => void,
): Promise<Entrance> {
  const { ConnectionQueue } = await doors();
  const address = `shm:${name}`;
  const welcome = new Uint8Array([asksForKey ? ASKS_FOR_KEY : KEYLESS]);
  const queue = inWordsOf(ExistsError, address, `listen() of ${address}: the name is taken`, () =>
    ConnectionQueue.create(name),
  );
  queue.unref();
  const greet = (async () => {
    try {
      for (;;) {
        const connection = await queue.get();
        if (connection.closed || !connection.trySendBytes(welcome)) connection.close();
        else take(connection);
      }
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_INTERPROC_CLOSED") throw error;
    }
  })();
  return {
    address,
    async close() {
      queue.close();
      await greet;
    },
    hold: (isHeld) => void queue[isHeld ? "ref" : "unref"](),
  };
}

/**
 * A pipe to whoever listens under a name.
 *
 * @throws NotFoundError when nobody does; AuthenticationError when only one side has a key; TimeoutError, UsageError, SystemError
 */
export async function connectShm(name: string, hasKey: boolean, options: WaitOptions): Promise<Connection> {
  const [{ ConnectionQueue }, { pipe }] = await Promise.all([doors(), import("../primitives/pipe/pipe.js")]);
  const address = `shm:${name}`;
  using queue = inWordsOf(NotFoundError, address, `connect() of ${address}: nobody listens there`, () =>
    ConnectionQueue.open(name),
  );
  const [mine, theirs] = pipe();
  try {
    await queue.put(theirs, options);
    const [word] = await mine.recvBytes(options);
    if (hasKey !== (word === ASKS_FOR_KEY)) throw oneSided(hasKey, address);
    return mine;
  } catch (error) {
    mine.close();
    theirs.close();
    if (!(error instanceof EOFError)) throw error;
    throw new NotFoundError(`connect() to ${address}: whoever listened there has gone`, {
      resource: address,
      cause: error,
    });
  }
}

function oneSided(hasKey: boolean, resource: string): AuthenticationError {
  const why = hasKey
    ? "this side has an authkey, and the listener has none"
    : "the other side asks for an authkey, and this one has none";
  return new AuthenticationError(why, { resource });
}

/** What is said of a queue is said of the address that it stands for. */
function inWordsOf<T>(
  kind: typeof ExistsError | typeof NotFoundError,
  resource: string,
  message: string,
  make: () => T,
): T {
  try {
    return make();
  } catch (cause) {
    throw cause instanceof kind ? new kind(message, { resource, cause }) : cause;
  }
}
