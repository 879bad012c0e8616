import type { Socket } from "node:net";
import { lengthFrames } from "#src/transports/length-frames.js";
import { messageCodec } from "#src/transports/message-codec.js";
import { StreamConnection } from "#src/transports/stream-connection.js";
import { everyConnection } from "./connection.js";
import { type ConnectionKind, farEnd } from "./connection-kind.js";
import { socketPair } from "./socket-pair.js";

const overSocket = (socket: Socket): StreamConnection =>
  new StreamConnection({
    input: socket,
    output: socket,
    framing: lengthFrames(true),
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
