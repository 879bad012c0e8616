import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { AuthenticationError } from "../errors.js";
import { type Address, formatAddress } from "./address.js";
import type { Entrance, Porter } from "./arrival.js";
import type { Settings, TlsOptions } from "./connection-options.js";
import { limitConnections } from "./limit-connections.js";
import { systemFailure } from "./system-failure.js";
import { listenerTls } from "./tls-settings.js";
import { WebSocketLink } from "./websocket-link.js";
import { SUBPROTOCOL } from "./worded-link.js";

type WebSocketAddress = Extract<Address, { scheme: "ws" | "wss" }>;

/** A peer that does not answer a close is dropped after so many milliseconds. */
export const CLOSE_TIMEOUT = 2000;

export interface Heard {
  /** The origins of pages that may connect, besides the listener's own. */
  readonly origins: readonly string[] | "any";
}

/** Opens a server for WebSockets. @throws ExistsError, NotFoundError, SystemError, UsageError */
export async function openWebSocketEntrance(
  address: WebSocketAddress,
  settings: Settings,
  backlog: number,
  { origins }: Heard,
  porter: Porter,
): Promise<Entrance> {
  const handshakeTimeout = Number.isFinite(settings.handshakeTimeout) ? settings.handshakeTimeout : 0; // 0: none
  const limits = {
    headersTimeout: handshakeTimeout,
    requestTimeout: handshakeTimeout,
    connectionsCheckingInterval: 1000,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  const server =
    address.scheme === "wss"
      ? createSecureServer({ ...limits, ...listenerTls(settings.tls, "listen()") })
      : createServer(limits);
  limitConnections(server, porter);
  server.on("connection", (socket) => {
    if (!porter.admits()) socket.destroy();
  });
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: settings.maxMessage,
    closeTimeout: CLOSE_TIMEOUT,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  };
  const sockets = new WebSocketServer(options);
  try {
    server.listen({ host: address.host, port: address.port, backlog, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    server.close();
    throw systemFailure(error, "listen()", formatAddress(address));
  }
  const bound = server.address() as { port: number };
  const url = formatAddress({ ...address, port: bound.port });
  server.on("request", (_, response) => {
    response.writeHead(426, { "content-type": "text/plain", connection: "close", upgrade: "websocket" });
    response.end("A WebSocket is spoken here.\n");
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => undefined);
    const { origin, host } = request.headers;
    const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    if (request.url !== address.path) return refuse(socket, 404, "Not Found");
    if (!isOwn && origins !== "any" && !origins.includes(origin)) {
      porter.refused(
        new AuthenticationError(`a page of ${origin} is not allowed here; see origins`, { resource: url }),
      );
      return refuse(socket, 403, "Forbidden");
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { remoteAddress = "", remotePort = 0 } = request.socket;
      const from = formatAddress({ scheme: address.scheme, host: remoteAddress, port: remotePort, path: "" });
      greet(webSocket, request.socket, from, settings, porter);
    });
  });
  return {
    address: url,
    async close() {
      server.close();
      server.closeIdleConnections();
    },
    hold: (isHeld) => server[isHeld ? "ref" : "unref"](),
    ...("setSecureContext" in server && {
      reload: (tls: TlsOptions) => server.setSecureContext(listenerTls(tls, "reload()")),
    }),
  };
}

function refuse(socket: Duplex, status: number, phrase: string): void {
  socket.end(`HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function greet(
  webSocket: WebSocket,
  socket: { ref(): unknown; unref(): unknown },
  from: string,
  { maxMessage, codec }: Settings,
  porter: Porter,
): void {
  webSocket.on("error", () => undefined);
  webSocket.pause();
  porter.arrived({
    link: new WebSocketLink(webSocket, maxMessage, codec.isText === true, (isHeld) => {
      socket[isHeld ? "ref" : "unref"]();
    }),
    peer: { transport: from.slice(0, from.indexOf(":")), address: from },
    onGone: (listener) => void webSocket.once("close", listener),
    destroy: () => webSocket.terminate(),
  });
}
