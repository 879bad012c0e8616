import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { HANDSHAKE_MESSAGES } from "./authenticate.js";
import { MAX_HANDSHAKE_MESSAGE } from "./challenge.js";
import type { Settings } from "./connection-options.js";
import type { SocketKernel } from "./socket-kernel.js";
import { StreamLink } from "./stream-link.js";

/** How sockets are opened, at both ends: each end closes its own direction, small messages go at once. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const;

const LOOK_EVERY_MS = 10;
/** So long what was sent keeps a process alive that has nothing else to do. */
const HOLDING_MS = 1000;
/** A peer that takes nothing of what was sent for so long gets the rest no more. */
const MOST_MS = 30_000;

/**
 * A link over a socket; before the handshake is done it takes no long messages.
 *
 * What was sent reaches the peer also when this end closes while the peer's own messages lie here unread, or are on their
 * way: to those the system would answer with a reset, which throws away what it has not sent yet. So a TCP socket stays open,
 * unread, until all was confirmed. The other way round, a write that fails ends no reading: what the peer had sent before
 * it closed is still there.
 */
export function socketLink(socket: Socket, { framing, maxMessage, key }: Settings, kernel?: SocketKernel): StreamLink {
  keepReading(socket);
  const limits = key && { messages: HANDSHAKE_MESSAGES, maxMessage: MAX_HANDSHAKE_MESSAGE };
  const end = kernel && socket.remotePort !== undefined ? () => destroyOnceSent(socket, kernel) : undefined;
  const isPlain = (socket as Partial<TLSSocket>).encrypted !== true;
  const fill = kernel && isPlain ? (room: Uint8Array) => kernel.receive(socket, room) : undefined;
  return new StreamLink(socket, socket, framing, maxMessage, limits, end, fill, isPlain);
}

/** Node takes a write that failed for the end of reading too; there is no option that says otherwise. */
function keepReading(socket: Socket): void {
  const { _readableState: reading, _writableState: writing } = socket as Socket &
    Record<"_readableState" | "_writableState", { autoDestroy: boolean; errored: Error | null; errorEmitted: boolean }>;
  reading.autoDestroy = false;
  writing.autoDestroy = false;
  socket.on("error", ({ syscall }: NodeJS.ErrnoException) => {
    if (syscall !== "write") return;
    reading.errored = null;
    reading.errorEmitted = false;
  });
}

function destroyOnceSent(socket: Socket, kernel: SocketKernel): void {
  if (kernel.unsentOf(socket) === 0) return void socket.destroy();
  const begun = performance.now();
  const timer = setInterval(() => {
    const waited = performance.now() - begun;
    if (waited > HOLDING_MS) timer.unref();
    if (waited < MOST_MS && !socket.destroyed && kernel.unsentOf(socket) > 0) return;
    clearInterval(timer);
    socket.destroy();
  }, LOOK_EVERY_MS);
}
