import type { Connection } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { EOFError, NotFoundError } from "../errors.js";
import type { Entrance } from "./arrival.js";

/** What the listener says first: it has taken the connection. */
const WELCOME = new Uint8Array([1]);

const doors = () => import("../primitives/queue/connection-queue.js");

/** Listens in shared memory under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
export async function openShmEntrance(name: string, take: (connection: Connection) => void): Promise<Entrance> {
  const { ConnectionQueue } = await doors();
  const queue = ConnectionQueue.create(name);
  queue.unref();
  const greet = (async () => {
    try {
      for (;;) {
        const connection = await queue.get();
        if (connection.closed || !connection.trySendBytes(WELCOME)) connection.close();
        else take(connection);
      }
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_INTERPROC_CLOSED") throw error;
    }
  })();
  return {
    address: `shm:${name}`,
    async close() {
      queue.close();
      await greet;
    },
    hold: (isHeld) => void queue[isHeld ? "ref" : "unref"](),
  };
}

/** A pipe to whoever listens under a name. @throws NotFoundError when nobody does; TimeoutError, UsageError, SystemError */
export async function connectShm(name: string, options: WaitOptions): Promise<Connection> {
  const [{ ConnectionQueue }, { pipe }] = await Promise.all([doors(), import("../primitives/pipe/pipe.js")]);
  using queue = ConnectionQueue.open(name);
  const [mine, theirs] = pipe();
  try {
    await queue.put(theirs, options);
    await mine.recvBytes(options);
    return mine;
  } catch (error) {
    mine.close();
    theirs.close();
    if (!(error instanceof EOFError)) throw error;
    throw new NotFoundError(`connect() to shm:${name}: whoever listened there has gone`, {
      resource: `shm:${name}`,
      cause: error,
    });
  }
}
