import { after } from "node:test";
import { startGateway } from "../gateway/gateway-process.js";
import { serverFor } from "./broker-servers.js";
import { everyTopic } from "./broker-topic.js";

const names = ["redis", "rabbitmq", "nats", "activemq"] as const;
const servers = await Promise.all(names.map(serverFor));
const gateways = await Promise.all(
  ["shm:", ...servers.flatMap((server) => (server?.startsWith("redis:") ? [`${server}/`] : []))].map((topics) =>
    startGateway({ topics }),
  ),
);
after(() => Promise.all(gateways.map((one) => one.end())));

const kinds = [
  { name: "shm:", url: (name: string) => `shm:${name}` },
  ...servers.flatMap((server) =>
    server === undefined ? [] : [{ name: server.replace(/:.*/, ":"), url: (name: string) => `${server}/${name}` }],
  ),
  ...gateways.map((gateway, index) => ({
    name: `http: over ${["shm:", "redis:"][index]}`,
    url: (name: string) => `${gateway.url}/topics/${name}`,
  })),
];
/** Those that have no durable groups. */
const withoutGroups = ["shm:", "activemq:", "http: over shm:"];

for (const { name, url } of kinds) everyTopic({ name, url, hasGroups: !withoutGroups.includes(name) });
