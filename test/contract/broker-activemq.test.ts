import { test } from "node:test";
import { everyBroker } from "./broker.js";
import { serverFor } from "./broker-servers.js";

const server = await serverFor("activemq");

if (server === undefined) test("there is no ActiveMQ server: nothing of it was tested", () => undefined);
else
  await everyBroker({
    name: "activemq:",
    url: (name) => `${server}/${name}`,
    letterName: (name) => name,
    isBlind: true,
    many: 50,
  });
