import { randomUUID } from "node:crypto";
import { createClient, RESP_TYPES } from "@redis/client";
import { underWay } from "../broker-question.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

type Entries = { messages: { id: string; message: { body: Buffer } }[] }[] | null;

/** @redis/client by itself: XADD, XREADGROUP, and XACK with XDEL of each entry. */
export async function openRedis({ url, name }: BrokerPlace): Promise<BenchedBroker> {
  const { hostname: host, port, password } = new URL(url);
  const options = { socket: { host, port: Number(port) }, password } as const;
  const client = createClient(options).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await client.connect();
  return {
    put: (body) => client.xAdd(name, "*", { body, type: "application/octet-stream", id: randomUUID() }),
    async consume(seen, acksUnderWay, stop) {
      const reader = client.duplicate();
      await reader.connect();
      const acks: Promise<void>[] = [];
      while (!stop.aborted) {
        const what = { key: name, id: ">" };
        const found = (await reader.xReadGroup("interproc", `bare-${process.pid}`, what, {
          COUNT: underWay,
          BLOCK: 50,
        })) as Entries;
        for (const { id, message } of found?.[0]?.messages ?? []) {
          const ack = Promise.all([client.xAck(name, "interproc", id), client.xDel(name, id)]).then(() =>
            seen(message.body),
          );
          if (acksUnderWay) acks.push(ack);
          else await ack;
        }
        await Promise.all(acks.splice(0, acks.length - underWay));
      }
      await Promise.all(acks);
      reader.destroy();
    },
    close: () => client.close(),
  };
}
