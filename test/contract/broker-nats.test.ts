import { test } from "node:test";
import { everyBroker } from "./broker.js";
import { serverFor } from "./broker-servers.js";

const server = await serverFor("nats");

if (server === undefined) test("there is no NATS server: nothing of it was tested", () => undefined);
else
  await everyBroker({
    name: "nats:",
    url: (name) => `${server}/${name}?ackWait=3000`,
    letterName: (name) => name,
    many: 300,
  });
