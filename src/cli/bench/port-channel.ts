import type { MessagePort, Worker } from "node:worker_threads";
import type { Channel } from "./channel.js";
import { Inbox } from "./inbox.js";

/** Messages between a thread and one that it has started, seen from either. What is sent is copied, as bytes usually are. */
export function portChannel(port: MessagePort | Worker): Channel {
  const inbox = new Inbox();
  port.on("message", (bytes: Uint8Array) => inbox.add(bytes));
  const send = async (bytes: Uint8Array): Promise<void> => port.postMessage(bytes);
  return {
    send,
    async sendMany(messages) {
      for (const message of messages) port.postMessage(message);
    },
    recv: () => inbox.recv(),
    recvMany: () => inbox.recvMany(),
  };
}
