import type { Socket } from "node:net";
import { HANDSHAKE_MESSAGES } from "./authenticate.js";
import { MAX_HANDSHAKE_MESSAGE } from "./challenge.js";
import type { Settings } from "./connection-options.js";
import { StreamLink } from "./stream-link.js";

/** How sockets are opened, at both ends: each end closes its own direction, small messages go at once. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const;

/** A link over a socket; before the handshake is done it takes no long messages. */
export function socketLink(socket: Socket, { framing, maxMessage, key }: Settings): StreamLink {
  return new StreamLink(
    socket,
    socket,
    framing,
    maxMessage,
    key && { messages: HANDSHAKE_MESSAGES, maxMessage: MAX_HANDSHAKE_MESSAGE },
  );
}
