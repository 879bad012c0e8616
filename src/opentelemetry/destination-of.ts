import type { Attributes } from "@opentelemetry/api";

/** What the semantic conventions call the systems behind our urls; all others are our own. */
const systems: Readonly<Record<string, string>> = {
  amqp: "rabbitmq",
  amqps: "rabbitmq",
  activemq: "activemq",
  nats: "nats",
  redis: "redis",
  rediss: "redis",
};

/** Where messages go to or come from, by its url: its name in a span, and its attributes. */
export function destinationOf(url: string): { readonly name: string; readonly attributes: Attributes } {
  const [, scheme, rest] = /^([a-z]+):(.*)$/s.exec(url) ?? ["", "", url];
  const system = { "messaging.system": systems[scheme] ?? "interproc" };
  if (rest === "") return { name: "(anonymous)", attributes: { ...system, "messaging.destination.anonymous": true } };
  if (!rest.startsWith("//")) return { name: rest, attributes: { ...system, "messaging.destination.name": rest } };
  const { hostname, port, pathname } = new URL(`http:${rest}`);
  const name = decodeURIComponent(pathname.slice(1));
  return {
    name,
    attributes: {
      ...system,
      "messaging.destination.name": name,
      "server.address": hostname,
      ...(port !== "" && { "server.port": Number(port) }),
    },
  };
}
