import { UsageError } from "../errors.js";
import type { TlsOptions } from "../transports/connection-options.js";

const schemes = [
  "shm",
  "file",
  "amqp",
  "amqps",
  "activemq",
  "activemqs",
  "nats",
  "natss",
  "redis",
  "rediss",
  "http",
  "https",
] as const;

export type BrokerScheme = (typeof schemes)[number];

/** What the url of a queue or a topic says. */
export interface BrokerUrl {
  readonly scheme: BrokerScheme;
  /** The queue or topic: what stands behind `shm:`, the path behind `file:`, the path of an url with a host. */
  readonly name: string;
  /** The url as it may be shown and logged: without a password. */
  readonly shown: string;
  /** The whole of it, where it has a host. */
  readonly server: URL | undefined;
  /** Certificates, where the connection is encrypted. */
  readonly tls?: TlsOptions;
}

const ALLOWED =
  "shm:name, file:path, amqp://host/name, activemq://host/name, nats://host/name, redis://host/name, " +
  "http://host:port/queues/name (topics/name)";

/** Those whose connections are encrypted. */
const secure: readonly string[] = ["amqps", "activemqs", "natss", "rediss", "https"];

/** Reads the url of a queue or a topic. @throws UsageError that shows the url without its password */
export function parseBrokerUrl(url: string, operation: string, tls?: TlsOptions): BrokerUrl {
  const address = addressOf(url, operation);
  if (tls === undefined) return address;
  if (!secure.includes(address.scheme))
    throw new UsageError(`${operation} of ${address.shown} with tls; allowed: at ${secure.join(":, ")}:`);
  if (typeof tls !== "object" || tls === null)
    throw new UsageError(
      `${operation} of ${address.shown}: tls is ${String(tls)}; allowed: { ca, cert, key, passphrase, servername }`,
    );
  return { ...address, tls };
}

function addressOf(url: string, operation: string): BrokerUrl {
  const refuse = (why: string): never => {
    throw new UsageError(`${operation} of ${JSON.stringify(redact(String(url)))}: ${why}; allowed: ${ALLOWED}`);
  };
  if (typeof url !== "string") return refuse("it is no string");
  const [, scheme, rest] = /^([a-z]+):(.*)$/s.exec(url) ?? refuse("it has no scheme");
  const known = schemes.find((one) => one === scheme) ?? refuse(`there is no broker ${JSON.stringify(scheme)}`);
  if (known === "shm" || known === "file") {
    const name = known === "file" && rest.startsWith("///") ? decodeURI(rest.slice(2)) : rest;
    if (name === "" || name.startsWith("//") || name.includes("\0")) return refuse("it names nothing");
    return { scheme: known, name, shown: url, server: undefined };
  }
  let server: URL;
  let name: string;
  try {
    // the schemes of brokers are not "special", so that a host is taken as it stands
    server = new URL(url);
    name = decodeURIComponent(server.pathname.replace(/^\//, ""));
  } catch {
    return refuse("it is no url");
  }
  if (server.hostname === "") return refuse("// and a host are missing");
  if (name === "") return refuse("it names no queue or topic: the path is missing");
  return { scheme: known, name, shown: redact(url), server };
}

/** The same text with `***` in the place of whatever may be a password in an url. */
export function redact(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*):[^\s/?#]*@/gi, "$1:***@")
    .replace(/([?&](?:pass|password|passcode|token|secret)=)[^&\s#]*/gi, "$1***");
}
