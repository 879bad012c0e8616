import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../errors.js";
import type { TlsOptions } from "../transports/connection-options.js";
import { systemFailure } from "../transports/system-failure.js";
import { listenerTls } from "../transports/tls-settings.js";
import { gateway } from "./gateway.js";
import type { GatewayOptions } from "./gateway-options.js";

/** How a gateway listens. */
export interface ServeGatewayOptions extends GatewayOptions {
  /** 0, the default, picks one that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`. Any other than this machine's own needs tokens. */
  readonly host?: string;
  /** Certificate and key, in PEM: then it speaks https. With `ca` only clients that have a certificate of these are served. */
  readonly tls?: TlsOptions;
  /** Connections at once; default 2000. One more is closed at once. */
  readonly maxConnections?: number;
}

/** A gateway that listens. */
export interface GatewayServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const LOOK_MS = 2000;

/** What is no request that could be answered, by Node's name for it. */
const refusals: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/**
 * Serves queues and topics of this machine over HTTP: `gateway()` behind a server of its own, which bounds what slow and
 * idle clients cost. Without tokens it answers programs of this machine only, and refuses to listen elsewhere.
 *
 * If this process is killed, what clients had taken from it and not acknowledged goes back into the queues.
 *
 * @throws UsageError for an option that is not allowed, and for a host beyond this machine without tokens
 * @throws SystemError when it cannot listen there, such as `EADDRINUSE`
 * @example
 * const server = await serveGateway();
 * const queue = await openQueue(`${server.url}/queues/jobs`);
 * await queue.put("over http");
 * console.log(await queue.get()); // over http
 * await queue.close();
 * await server.close();
 */
export async function serveGateway(options: ServeGatewayOptions = {}): Promise<GatewayServer> {
  const { port = 0, host = "127.0.0.1", tls, tokens, maxConnections = 2000 } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new UsageError(`serveGateway(): port is ${String(port)}; allowed: a whole number, 0 to 65535`);
  if (tokens === undefined && !LOOPBACK.has(host))
    throw new UsageError(
      `serveGateway(): host is ${JSON.stringify(host)}, and there are no tokens; allowed without: ${[...LOOPBACK].join(", ")}`,
    );
  const bounds = {
    ...{ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: 5000 },
    ...{ connectionsCheckingInterval: LOOK_MS, maxHeaderSize: 16_384, insecureHTTPParser: false },
  };
  // who does not serve does not load them
  const server: Server = tls
    ? (await import("node:https")).createServer({ ...bounds, ...listenerTls(tls, "serveGateway()") })
    : (await import("node:http")).createServer(bounds);
  server.maxHeadersCount = 100;
  server.maxConnections = maxConnections;
  const chosen = await listening(server, port, host);
  const names = ["127.0.0.1", "[::1]", "localhost"].flatMap((name) => {
    const usual = chosen === (tls ? 443 : 80) ? [name] : [];
    return [`${name}:${chosen}`, ...usual];
  });
  let handler: ReturnType<typeof gateway>;
  try {
    handler = gateway({ ...options, ...(tokens === undefined && options.hosts === undefined && { hosts: names }) });
  } catch (error) {
    server.close();
    throw error;
  }
  server.on("request", handler.onRequest);
  server.on("upgrade", handler.onUpgrade);
  server.on("clientError", ({ code = "" }: NodeJS.ErrnoException, socket) => {
    const status = refusals[code] ?? "400 Bad Request";
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    else socket.destroy();
  });
  let ended: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await handler.close();
    // WebSockets close by themselves, within a bound
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  const close = (): Promise<void> => {
    ended ??= end();
    return ended;
  };
  const shown = host.includes(":") ? `[${host}]` : host;
  return { url: `http${tls ? "s" : ""}://${shown}:${chosen}`, port: chosen, close, [Symbol.asyncDispose]: close };
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(systemFailure(error, "serveGateway()", `${host}:${port}`));
    server.once("error", refuse);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
