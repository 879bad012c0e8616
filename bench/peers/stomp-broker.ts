import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Client, Versions } from "@stomp/stompjs";
import { TCPWrapper } from "@stomp/tcp-wrapper";
import { underWay } from "../broker-question.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

/** @stomp/stompjs by itself over @stomp/tcp-wrapper; puts and acknowledgements are confirmed by receipts. */
export async function openStomp({ url, name }: BrokerPlace): Promise<BenchedBroker> {
  const { hostname: host, port, username: login, password: passcode } = new URL(url);
  class Way extends TCPWrapper {
    protected override getSocket(): Socket {
      return connect({ host, port: Number(port), noDelay: true });
    }
  }
  const client = new Client({
    webSocketFactory: () => new Way(host, Number(port)),
    stompVersions: new Versions(["1.2"]),
    connectHeaders: { host, login, passcode },
    reconnectDelay: 0,
  });
  await new Promise<void>((resolve, reject) => {
    client.onConnect = () => resolve();
    client.onStompError = ({ headers }) => reject(new Error(headers.message));
    client.activate();
  });
  let receipts = 0;
  const confirmed = (send: (receipt: string) => void): Promise<void> =>
    new Promise((resolve) => {
      const receipt = `bare-${++receipts}`;
      client.watchForReceipt(receipt, () => resolve());
      send(receipt);
    });
  const destination = `/queue/${name}`;
  return {
    put: (binaryBody) =>
      confirmed((receipt) => {
        const about = { persistent: "true", "content-type": "application/octet-stream", id: randomUUID() };
        client.publish({ destination, binaryBody, headers: { ...about, receipt } });
      }),
    async consume(seen, acksUnderWay, stop) {
      let last: Promise<void> = Promise.resolve();
      const subscription = client.subscribe(
        destination,
        ({ headers: { ack, subscription }, binaryBody }) => {
          const acknowledge = (): Promise<void> =>
            confirmed((receipt) => client.ack(ack as string, subscription as string, { receipt })).then(() =>
              seen(binaryBody),
            );
          last = acksUnderWay ? Promise.all([last, acknowledge()]).then(() => undefined) : last.then(acknowledge);
        },
        { ack: "client-individual", "activemq.prefetchSize": String(underWay) },
      );
      if (!stop.aborted) await once(stop, "abort");
      await last;
      await confirmed((receipt) => subscription.unsubscribe({ receipt }));
    },
    close: () => client.deactivate(),
  };
}
