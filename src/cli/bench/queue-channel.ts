import type { AsyncQueue } from "../../index.js";
import type { Channel } from "./channel.js";

const MOST_AT_ONCE = 256;

/** What is used of a queue, wherever it is. */
export type Ends = Pick<AsyncQueue<Uint8Array>, "put" | "putMany" | "get" | "getMany">;

/** Two queues, one for each way, as a channel: what is taken is acknowledged at once. */
export function queueChannel(out: Ends, into: Ends): Channel {
  return {
    send: (bytes) => out.put(bytes),
    sendMany: (messages) => out.putMany(messages),
    recv: () => into.get(),
    recvMany: () => into.getMany(MOST_AT_ONCE),
  };
}
