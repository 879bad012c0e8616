import type { ConnectionOptions } from "node:tls";
import { clientTls } from "../transports/tls-settings.js";
import type { BrokerUrl } from "./broker-url.js";

/** What Node's TLS is told for the connection to a server: who it is, is always checked. */
export function serverTls({ server, tls = {} }: BrokerUrl): ConnectionOptions {
  return clientTls(tls, (server as URL).hostname.replace(/^\[|\]$/g, ""));
}
