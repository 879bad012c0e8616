import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ServerOptions, WebSocketServer } from "ws";
import { nodeRequest } from "./node-request.js";
import { problemResponse } from "./problem-response.js";
import type { Upgrade } from "./route.js";
import { topicProtocols } from "./topic-protocols.js";

/** Clients send nothing but pongs and a close. */
const MOST_PAYLOAD = 125;
const CLOSE_TIMEOUT = 2000;

let opening: Promise<WebSocketServer> | undefined;

/** Who serves no WebSockets does not load them. */
async function makeSockets(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import("ws");
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_PAYLOAD,
    closeTimeout: CLOSE_TIMEOUT,
    handleProtocols: (offered) => topicProtocols.find((one) => offered.has(one)) ?? false,
  };
  return new WebSocketServer(options);
}

/** Makes a WebSocket of a request of Node's server, if `admit` lets it; else that answers why not. */
export async function nodeUpgrade(
  admit: (request: Request) => Promise<Upgrade>,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  socket.on("error", () => undefined);
  socket.once("close", leave);
  let upgrade: Upgrade;
  try {
    upgrade = await admit(nodeRequest(incoming, gone.signal));
  } catch (error) {
    return refuse(socket, problemResponse(error));
  }
  opening ??= makeSockets();
  const sockets = await opening;
  let isOpen = false;
  const fail = (): void => {
    if (!isOpen) upgrade.failed();
  };
  socket.once("close", fail);
  if (socket.destroyed) return fail();
  sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
    isOpen = true;
    upgrade.opened(webSocket);
  });
}

async function refuse(socket: Duplex, problem: Response): Promise<void> {
  const body = await problem.text();
  const head = [...problem.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const length = `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n`;
  socket.end(`HTTP/1.1 ${problem.status} ${problem.statusText || "Refused"}\r\n${head}${length}\r\n${body}`);
}
