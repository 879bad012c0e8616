import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import { underWay } from "../broker-question.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

/** @nats-io/jetstream by itself; puts and acknowledgements are confirmed by the server. */
export async function openJetstream({ url, name }: BrokerPlace): Promise<BenchedBroker> {
  const { host: servers, username: user, password: pass } = new URL(url);
  const connection = await connect({ servers, user, pass });
  const stream = jetstream(connection);
  return {
    put(body) {
      const about = headers();
      about.set("Content-Type", "application/octet-stream");
      return stream.publish(name, body, { msgID: randomUUID(), headers: about });
    },
    async consume(seen, acksUnderWay, stop) {
      const consumer = await stream.consumers.get(name, "interproc");
      const messages = await consumer.consume({ max_messages: underWay });
      // it may have been stopped before it began
      if (stop.aborted) messages.stop();
      else stop.addEventListener("abort", () => messages.stop(), { once: true });
      const acks: Promise<void>[] = [];
      for await (const message of messages) {
        const ack = message.ackAck().then((isAcknowledged) => {
          if (!isAcknowledged) throw new Error("an acknowledgement was not confirmed");
          seen(message.data);
        });
        if (acksUnderWay) acks.push(ack);
        else await ack;
      }
      await Promise.all(acks);
      // the server must know that nobody waits for more before it gets more
      await connection.flush();
    },
    close: () => connection.close(),
  };
}
