import { UsageError } from "../errors.js";
import type { OpenTopicOptions } from "./broker.js";
import type { BrokerUrl } from "./broker-url.js";

/** @throws UsageError for what is said to a gateway only */
export function refuseGatewayOptions(
  { token }: Pick<OpenTopicOptions, "token">,
  { scheme }: BrokerUrl,
  operation: string,
): void {
  const isGateway = scheme === "http" || scheme === "https";
  if (token !== undefined && !isGateway)
    throw new UsageError(`${operation} with a token; allowed: at a gateway (http:, https:)`);
}
