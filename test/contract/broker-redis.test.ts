import { test } from "node:test";
import { everyBroker } from "./broker.js";
import { serverFor } from "./broker-servers.js";

const server = await serverFor("redis");

if (server === undefined) test("there is no Redis server: nothing of it was tested", () => undefined);
else
  await everyBroker({
    name: "redis:",
    url: (name) => `${server}/${name}`,
    letterName: (name) => name,
    many: 300,
  });
