import { test } from "node:test";
import { serverFor } from "../contract/broker-servers.js";
import { everyCalls } from "./calls-by-url.js";

const servers = {
  amqp: await serverFor("rabbitmq"),
  redis: await serverFor("redis"),
  nats: await serverFor("nats"),
  activemq: await serverFor("activemq"),
};

for (const [name, server] of Object.entries(servers))
  if (server === undefined) test(`there is no server for ${name}: nothing of it was tested`, () => undefined);
  // a consumer that has died is noticed at NATS when it has said nothing for so long
  else everyCalls({ name: `${name}:`, url: (queue) => `${server}/${queue}${name === "nats" ? "?ackWait=1500" : ""}` });
