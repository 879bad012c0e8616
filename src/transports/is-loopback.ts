import { isIPv4 } from "node:net";

/** Whether a host is this machine, and cannot be reached from another. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
