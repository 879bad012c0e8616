import { UsageError } from "../errors.js";

/** Where a connection leads, as its url says. */
export type Address =
  | { readonly scheme: "unix"; readonly path: string }
  | { readonly scheme: "tcp"; readonly host: string; readonly port: number }
  | { readonly scheme: "tls"; readonly host: string; readonly port: number }
  | { readonly scheme: "ws"; readonly host: string; readonly port: number; readonly path: string }
  | { readonly scheme: "wss"; readonly host: string; readonly port: number; readonly path: string }
  | { readonly scheme: "shm"; readonly name: string }
  | { readonly scheme: "fd"; readonly input: number; readonly output: number }
  | { readonly scheme: "stdio" };

const ALLOWED =
  "unix:/path, tcp://host:port, tls://host:port, ws://host:port/path, wss://host:port/path, shm:name, fd:3, fd:3,4, stdio:";
const DEFAULT_PORTS: Readonly<Record<string, number>> = { ws: 80, wss: 443 };

/** What an url says. @throws UsageError that names the url and what is allowed */
export function parseAddress(url: string, operation: string): Address {
  const refuse = (why: string): never => {
    throw new UsageError(`${operation} of ${JSON.stringify(url)}: ${why}; allowed: ${ALLOWED}`);
  };
  if (typeof url !== "string") return refuse("it is no string");
  const [, scheme, rest] = /^([a-z]+):(.*)$/s.exec(url) ?? refuse("it has no scheme");
  switch (scheme) {
    case "unix": {
      const path = rest.startsWith("//") ? rest.slice(2) : rest;
      if (path === "") return refuse("it names no path");
      if (path.includes("\0"))
        return refuse("a path has no NUL (and there are no abstract sockets: anybody could take their name)");
      return { scheme, path };
    }
    case "shm":
      if (rest.includes("/")) return refuse("a name has no slash, and none stands before it");
      return rest === "" ? refuse("it has no name") : { scheme, name: rest };
    case "stdio":
      return rest === "" || rest === "//" ? { scheme } : refuse("nothing stands behind stdio:");
    case "fd": {
      const fds = /^(\d{1,9})(?:,(\d{1,9}))?$/.exec(rest) ?? refuse("a descriptor is a number, or two for in and out");
      return { scheme, input: Number(fds[1]), output: Number(fds[2] ?? fds[1]) };
    }
    case "tcp":
    case "tls":
    case "ws":
    case "wss":
      return parseNetwork(scheme, url, refuse);
    case "udp":
      return refuse("datagrams have no connection, see bindUdp()");
    default:
      return refuse(`there is no transport ${JSON.stringify(scheme)}`);
  }
}

function parseNetwork(scheme: "tcp" | "tls" | "ws" | "wss", url: string, refuse: (why: string) => never): Address {
  let parsed: URL;
  try {
    parsed = new URL(url.replace(/^[a-z]+:/, "http:"));
  } catch {
    return refuse("it is no url");
  }
  if (!/^[a-z]+:\/\//.test(url)) return refuse("// and a host are missing");
  if (parsed.username !== "" || parsed.password !== "") return refuse("it has a user or a password; see authkey");
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  // WHATWG drops ":80" of an http url
  const port = parsed.port === "" ? (/:80(?=[/?#]|$)/.test(url) ? 80 : DEFAULT_PORTS[scheme]) : Number(parsed.port);
  if (port === undefined) return refuse("it has no port");
  if (scheme === "ws" || scheme === "wss") return { scheme, host, port, path: parsed.pathname + parsed.search };
  if (parsed.pathname.length > 1 || parsed.search !== "") return refuse("nothing stands behind the port");
  return { scheme, host, port };
}

/** An address as an url. */
export function formatAddress(address: Address): string {
  switch (address.scheme) {
    case "unix":
      // two slashes in front are the url's
      return `unix:${address.path.startsWith("//") ? "//" : ""}${address.path}`;
    case "shm":
      return `shm:${address.name}`;
    case "fd":
      return address.input === address.output ? `fd:${address.input}` : `fd:${address.input},${address.output}`;
    case "stdio":
      return "stdio:";
    default: {
      const host = address.host.includes(":") ? `[${address.host}]` : address.host;
      const path = "path" in address ? address.path : "";
      return `${address.scheme}://${host}:${address.port}${path}`;
    }
  }
}
