import type { Connection } from "../../index.js";
import type { Channel } from "./channel.js";

const MOST_AT_ONCE = 256;

/** A connection over shared memory as a channel of bytes: what fits is sent without a promise, what is there is taken without one. */
export function pipeChannel(end: Connection<Uint8Array, Uint8Array>): Channel {
  return {
    send: (bytes) => end.sendBytes(bytes),
    async sendMany(messages) {
      for (const message of messages) if (!end.trySendBytes(message)) await end.sendBytes(message);
    },
    recv: () => end.recvBytes(),
    async recvMany() {
      const messages = [await end.recvBytes()];
      for (let more = end.tryRecvBytes(); more !== undefined; more = end.tryRecvBytes()) {
        messages.push(more);
        if (messages.length >= MOST_AT_ONCE) break;
      }
      return messages;
    },
  };
}
