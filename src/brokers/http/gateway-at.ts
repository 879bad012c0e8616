import { UsageError } from "../../errors.js";
import type { TlsOptions } from "../../transports/connection-options.js";
import type { BrokerUrl } from "../broker-url.js";
import { GatewayCalls } from "./gateway-calls.js";

/** Calls to the gateway that an url names, and the path of the object there. @throws UsageError */
export function gatewayAt(
  url: BrokerUrl,
  kind: "queues" | "topics",
  { token, tls }: { readonly token?: string; readonly tls?: TlsOptions },
  operation: string,
): { readonly calls: GatewayCalls; readonly path: string } {
  const { server, shown } = url as BrokerUrl & { server: URL };
  const [, prefix, name] = new RegExp(`^(.*)/${kind}/([^/]+)$`).exec(server.pathname) ?? [];
  if (name === undefined)
    throw new UsageError(`${operation}: the path is ${server.pathname}; allowed: /${kind}/NAME, of a gateway`);
  if (server.username !== "" || server.password !== "")
    throw new UsageError(`${operation} with a user in the url; allowed: the option token`);
  if (token !== undefined && !/^[\w.~+/=-]{1,1024}$/.test(token))
    throw new UsageError(`${operation}: the token is not allowed; allowed: A-Z a-z 0-9 - . _ ~ + / =`);
  return { calls: new GatewayCalls(new URL(`${prefix}/`, server), token, shown, tls), path: `/${kind}/${name}` };
}
