import type { Socket } from "node:net";
import { lengthFrames } from "#src/transports/length-frames.js";
import { LinkConnection, MAX_MESSAGE } from "#src/transports/link-connection.js";
import { messageCodec } from "#src/transports/message-codec.js";
import { StreamLink } from "#src/transports/stream-link.js";
import { everyConnection } from "./connection.js";
import { type ConnectionKind, farEnd } from "./connection-kind.js";
import { socketPair } from "./socket-pair.js";

const overSocket = (socket: Socket): LinkConnection =>
  new LinkConnection({
    link: new StreamLink(socket, socket, lengthFrames(true), MAX_MESSAGE),
    codec: messageCodec("structured"),
    peer: { transport: "unix" },
  });

const kind: ConnectionKind = {
  name: "length frames over a unix socket",
  transport: "unix",
  isElsewhere: false,
  async connect() {
    const [near, theirs] = (await socketPair()).map(overSocket);
    const calls = theirs as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    return { near, far: farEnd(async (method, args) => calls[method](...args)) };
  },
};

everyConnection(kind);
