import { openQueue } from "interproc";
import { underWay } from "../broker-question.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

/** Ours, by the queue's url. */
export async function openOurs({ url }: BrokerPlace): Promise<BenchedBroker> {
  const queue = await openQueue<Uint8Array>(url, { codec: "bytes", prefetch: underWay });
  return {
    put: (body) => queue.put(body),
    putMany: (bodies) => queue.putMany(bodies),
    async consume(seen, acksUnderWay, stop) {
      const acks = new Set<Promise<void>>();
      try {
        for await (const message of queue.messages({ signal: stop })) {
          const body = message.value;
          const ack = message.ack().then(() => seen(body));
          if (acksUnderWay) {
            acks.add(ack);
            ack.finally(() => acks.delete(ack)).catch(() => undefined);
          } else await ack;
        }
      } catch (error) {
        if (!stop.aborted) throw error;
      }
      await Promise.all(acks);
    },
    close: () => queue.close(),
  };
}
