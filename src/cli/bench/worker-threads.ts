import { Worker } from "node:worker_threads";
import { ChannelWire } from "./channel-wire.js";
import type { Mechanism } from "./mechanism.js";
import { portChannel } from "./port-channel.js";

/** `postMessage` keeps whatever is sent, so the sender waits for confirmations. */
const WINDOW = { bytes: 4 * 2 ** 20, messages: 4096 };

/** `postMessage()` to a worker thread: no other process, so it shares this one's fate and its memory limit. */
export const workerThreadsMechanism: Mechanism = {
  traits: {
    name: "worker_threads",
    title: "worker thread (postMessage)",
    carries: "messages",
    reach: ["thread"],
    survives: "nothing",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async open() {
    const worker = new Worker(new URL("worker-threads-main.js", import.meta.url));
    const failed = new Promise<never>((_, fail) => {
      worker.once("error", (error) => fail(new Error(`the other thread: ${error.message}`)));
      worker.once("exit", () => fail(new Error("the other thread has ended")));
    });
    failed.catch(() => undefined);
    const peer = {
      failed,
      end: async () => {
        await worker.terminate();
      },
    };
    return new ChannelWire(peer, portChannel(worker), undefined, WINDOW);
  },
};
