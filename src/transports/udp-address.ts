import { isIPv4, isIPv6 } from "node:net";
import { UsageError } from "../errors.js";

/** What a `udp:` URL names: a host (an address, or a name that is still to be looked up) and a port. */
export class UdpAddress {
  constructor(
    readonly host: string,
    readonly port: number,
  ) {}

  /** @throws UsageError for what is no URL of the form udp://host:port */
  static parse(url: unknown, operation: string): UdpAddress {
    const parts = typeof url === "string" ? /^udp:\/\/(\[[^[\]]+\]|[^[\]:/?#@%\s]+):(\d{1,5})\/?$/i.exec(url) : null;
    const [, written = "", digits = ""] = parts ?? [];
    const isBracketed = written.startsWith("[");
    const host = isBracketed ? written.slice(1, -1).replace(/%25/, "%") : written;
    const port = Number(digits);
    if (parts && port <= 65_535 && (!isBracketed || isIPv6(host))) return new UdpAddress(host, port);
    const found = typeof url === "string" ? JSON.stringify(url) : String(url);
    throw new UsageError(
      `${operation}: the address is ${found}; allowed: udp://host:port, where host is a name, an IPv4 address or ` +
        "an IPv6 address in brackets, and port 0 to 65535",
    );
  }

  /** 0: a name, which is still to be looked up. */
  get family(): 0 | 4 | 6 {
    if (isIPv4(this.host)) return 4;
    return isIPv6(this.host) ? 6 : 0;
  }

  /** How it is written; an IPv4 address that a socket for both families shows as an IPv6 one is shown as itself. */
  toString(): string {
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(this.host);
    const host = mapped ? mapped[1] : this.host;
    return `udp://${isIPv6(host) ? `[${host.replace("%", "%25")}]` : host}:${this.port}`;
  }
}
