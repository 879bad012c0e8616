import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Gives a request that offers another protocol than WebSocket (`Upgrade: h2c`, as Java's client and `curl --http2` do) back to
 * Node's server without that offer: a server with a listener for upgrades would leave it to that, with its body unread.
 */
export function asPlainRequest(incoming: IncomingMessage, socket: Duplex, head: Buffer, server: Server): void {
  const { method, url, httpVersion, rawHeaders } = incoming;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (!["upgrade", "connection", "http2-settings"].includes(rawHeaders[i].toLowerCase()))
      lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  server.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
}
