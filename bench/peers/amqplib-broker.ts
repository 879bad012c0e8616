import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "amqplib";
import { underWay } from "../broker-question.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

/** amqplib by itself: a channel that confirms, and one that consumes. An acknowledgement is through when it is written. */
export async function openAmqplib({ url, name }: BrokerPlace): Promise<BenchedBroker> {
  const model = await connect(url.slice(0, url.lastIndexOf("/")), { noDelay: true });
  const puts = await model.createConfirmChannel();
  return {
    put: (body) =>
      new Promise<void>((resolve, reject) => {
        const properties = { persistent: true, contentType: "application/octet-stream", messageId: randomUUID() };
        puts.sendToQueue(name, body, properties, (error) => (error ? reject(error) : resolve()));
      }),
    async consume(seen, _acksUnderWay, stop) {
      const channel = await model.createChannel();
      await channel.prefetch(underWay);
      await channel.consume(name, (message) => {
        if (message === null) return;
        channel.ack(message);
        seen(message.content);
      });
      if (!stop.aborted) await once(stop, "abort");
      await channel.close();
    },
    close: () => model.close(),
  };
}
