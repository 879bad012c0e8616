import type { ChildProcess } from "node:child_process";
import type { Channel } from "./channel.js";
import { Inbox } from "./inbox.js";

/** Node's own messages between a process and one that it has forked, seen from either. */
export function childProcessChannel(other: ChildProcess | NodeJS.Process): Channel {
  const inbox = new Inbox();
  (other as ChildProcess).on("message", (bytes) => inbox.add(bytes as unknown as Uint8Array));
  const send = (bytes: Uint8Array): Promise<void> =>
    new Promise((done, fail) => {
      (other as ChildProcess).send(bytes, (error) => (error ? fail(error) : done()));
    });
  return {
    send,
    // written in their order: when the last one is written, all are
    sendMany: (messages) => Promise.all(messages.map(send)),
    recv: () => inbox.recv(),
    recvMany: () => inbox.recvMany(),
  };
}
