import { test } from "node:test";
import { everyBroker } from "./broker.js";
import { serverFor } from "./broker-servers.js";

const server = await serverFor("rabbitmq");

if (server === undefined) test("there is no RabbitMQ server: nothing of it was tested", () => undefined);
else
  await everyBroker({
    name: "amqp:",
    url: (name) => `${server}/${name}`,
    letterName: (name) => name,
    countsAhead: true,
    many: 300,
  });
