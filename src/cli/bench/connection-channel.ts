import type { AsyncConnection } from "../../index.js";
import type { Channel } from "./channel.js";

const MOST_AT_ONCE = 256;

/** A connection of ours as a channel: batches where it has them. */
export function connectionChannel(connection: AsyncConnection<Uint8Array, Uint8Array>): Channel {
  return {
    send: (bytes) => connection.send(bytes),
    sendMany: (messages) => connection.sendMany(messages),
    recv: () => connection.recv(),
    recvMany: () => connection.recvMany(MOST_AT_ONCE),
  };
}
