import { type AsyncQueue, openQueue, task } from "../../index.js";
import { answerMessages } from "./answer-messages.js";
import { ChannelWire } from "./channel-wire.js";
import type { Wire } from "./mechanism.js";
import { queueChannel } from "./queue-channel.js";
import { spawnPeer } from "./spawn-peer.js";

const PATIENCE_MS = 10_000;
const OPTIONS = { codec: "bytes", timeout: PATIENCE_MS } as const;

const answerQueues = task(import.meta, async function answerQueues(into: string, out: string): Promise<void> {
  const taken = await openQueue<Uint8Array>(into, OPTIONS);
  await answerMessages(queueChannel(await openQueue<Uint8Array>(out, OPTIONS), taken));
});

/** Opens two queues by their urls, one for each way, with another process at their other ends; removes both at last, then `cleanUp`. */
export async function queueByUrl(there: string, back: string, cleanUp: () => void = () => undefined): Promise<Wire> {
  const opened: AsyncQueue<Uint8Array>[] = [];
  const remove = async (): Promise<void> => {
    const each = await Promise.allSettled(opened.map(removed));
    cleanUp();
    for (const one of each)
      if (one.status === "rejected") throw new Error(`a queue could not be removed: ${(one.reason as Error).message}`);
  };
  try {
    for (const url of [there, back]) opened.push(await openQueue<Uint8Array>(url, OPTIONS));
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
  return new ChannelWire(spawnPeer(answerQueues, [there, back]), queueChannel(opened[0], opened[1]), remove);
}

/** A server that has stopped answering is not waited for. */
async function removed(queue: AsyncQueue): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  try {
    await Promise.race([queue.delete(), late]);
  } finally {
    clearTimeout(timer);
    void queue.close().catch(() => undefined);
  }
}
