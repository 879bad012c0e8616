import { type Connection, openQueue, pipe, serveGateway, task } from "../../index.js";
import { answerMessages } from "./answer-messages.js";
import { ChannelWire } from "./channel-wire.js";
import type { Mechanism } from "./mechanism.js";
import { ownName } from "./own-name.js";
import { queueChannel } from "./queue-channel.js";
import { spawnPeer } from "./spawn-peer.js";

const MAX_BODY = 64 * 2 ** 20;
const PATIENCE_MS = 10_000;

const serveAndAnswer = task(
  import.meta,
  async function serveAndAnswer(told: Connection<string>, there: string, back: string): Promise<void> {
    const [into, out] = [await openQueue<Uint8Array>(`shm:${there}`), await openQueue<Uint8Array>(`shm:${back}`)];
    const server = await serveGateway({ maxBody: MAX_BODY });
    await told.send(server.url);
    await answerMessages(queueChannel(out, into));
  },
);

/** Queues in shared memory, which one side has directly and the other by `openQueue("http://…")` through the gateway. */
export const gatewayMechanism: Mechanism = {
  traits: {
    name: "gateway",
    title: "queue by the gateway",
    carries: "messages",
    reach: ["machine", "network", "python"],
    survives: "sender",
    hasManyTakers: true,
    blocks: false,
    losesMessages: false,
  },
  async open(_mostBytes, signal) {
    const [there, back] = [ownName(), ownName()];
    const [mine, theirs] = pipe<never, string>();
    const peer = spawnPeer(serveAndAnswer, [theirs as unknown as Connection<string>, there, back], signal);
    try {
      const url = await Promise.race([mine.recv(), peer.failed]);
      const open = (name: string) =>
        openQueue<Uint8Array>(`${url}/queues/${name}`, { codec: "bytes", timeout: PATIENCE_MS });
      const [out, into] = await Promise.all([open(there), open(back)]);
      const close = () => Promise.allSettled([out.close(), into.close()]);
      return new ChannelWire(peer, queueChannel(out, into), close);
    } catch (error) {
      await peer.end();
      throw error;
    } finally {
      mine.close();
    }
  },
};
