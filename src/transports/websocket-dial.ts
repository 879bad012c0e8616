import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { SecureContextOptions } from "node:tls";
import { type ClientOptions, WebSocket } from "ws";
import { AuthenticationError } from "../errors.js";
import { type Address, formatAddress } from "./address.js";
import type { Settings } from "./connection-options.js";
import type { Dialled } from "./dial.js";
import { systemFailure } from "./system-failure.js";
import { clientTls } from "./tls-settings.js";
import { CLOSE_TIMEOUT } from "./websocket-entrance.js";
import { WebSocketLink } from "./websocket-link.js";
import { SUBPROTOCOL } from "./worded-link.js";

/** Begins to open a WebSocket. */
export function dialWebSocket(address: Extract<Address, { scheme: "ws" | "wss" }>, settings: Settings): Dialled {
  const url = formatAddress(address);
  let connection: IncomingMessage["socket"] | undefined;
  const options: ClientOptions & { closeTimeout: number } = {
    perMessageDeflate: false,
    maxPayload: settings.maxMessage,
    handshakeTimeout: settings.handshakeTimeout === Number.POSITIVE_INFINITY ? 0 : settings.handshakeTimeout,
    closeTimeout: CLOSE_TIMEOUT,
    ...(address.scheme === "wss" && (clientTls(settings.tls, address.host) as SecureContextOptions)),
  };
  let socket: WebSocket;
  let isDestroyed = false;
  /** Opens it, with our subprotocol or with none. */
  const open = async (protocols: string[]): Promise<void> => {
    socket = new WebSocket(url, protocols, options);
    socket.once("upgrade", (response: IncomingMessage) => {
      connection = response.socket;
      connection.setNoDelay(true);
      connection.setKeepAlive(true, 30_000);
    });
    socket.once("open", () => socket.pause()); // what comes with the handshake's last bytes waits for who receives it
    await once(socket, "open");
  };
  const ready = async (): Promise<{ link: WebSocketLink; peer: { transport: string; address: string } }> => {
    try {
      await open([SUBPROTOCOL]).catch((error: Error) => {
        // other programs know no subprotocols, and then none must be asked for
        if (isDestroyed || !/no subprotocol/.test(error.message)) throw error;
        return open([]);
      });
    } catch (error) {
      const { message } = error as Error;
      throw /^Unexpected server response: 40[13]|certificate/i.test(message)
        ? new AuthenticationError(`connect() to ${url}: ${message}`, { resource: url, cause: error })
        : systemFailure(error, "connect()", url);
    }
    socket.on("error", () => undefined);
    const link = new WebSocketLink(socket, settings.maxMessage, settings.codec.isText === true, (isHeld) => {
      connection?.[isHeld ? "ref" : "unref"]();
    });
    return { link, peer: { transport: address.scheme, address: url } };
  };
  const destroy = (): void => {
    isDestroyed = true;
    socket.terminate();
  };
  return { ready: ready(), destroy };
}
