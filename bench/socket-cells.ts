import { ours } from "./floors.js";
import type { Cell } from "./measure.js";
import type { PayloadName } from "./payload.js";
import { type SocketQuestion, type SocketTransport, socketPayloads, socketTransports } from "./socket-question.js";

interface Peer {
  name: string;
  program: string;
  transports: readonly SocketTransport[];
  oneWay(payload: PayloadName): readonly string[];
  roundTrip(payload: PayloadName): readonly string[];
}

const isSmall = (payload: PayloadName): boolean => payload === "bytes-64" || payload === "object";

/** Every peer, the modes in which it can carry a payload, and over what. */
const peers: readonly Peer[] = [
  {
    name: ours,
    program: "interproc-socket",
    transports: socketTransports,
    oneWay: (payload) => (isSmall(payload) ? ["await", "for await", "batch"] : ["await", "batch"]),
    roundTrip: () => ["await"],
  },
  {
    name: "node:net",
    program: "net-socket",
    transports: ["unix", "tcp"],
    oneWay: (payload) => {
      if (payload === "bytes-64") return ["write", "each", "batch", "batch, copies"];
      return payload === "object" ? ["write", "each", "batch"] : ["write", "each, copies"];
    },
    roundTrip: () => ["write"],
  },
  {
    name: "zeromq",
    program: "zeromq",
    transports: ["unix", "tcp"],
    oneWay: () => ["PUSH/PULL"],
    roundTrip: () => ["PAIR"],
  },
  { name: "ws", program: "bare-ws", transports: ["ws"], oneWay: () => ["send"], roundTrip: () => ["send"] },
  {
    name: "Python Client",
    program: "python_socket.py",
    transports: ["unix", "tcp"],
    oneWay: (payload) => (payload === "object" ? ["objects"] : ["bytes"]),
    roundTrip: (payload) => (payload === "object" ? ["objects"] : ["bytes"]),
  },
];

/**
 * All cells of the socket benchmark, in the order of its tables: one transport after the other, so that what is compared
 * is measured close together.
 */
export function socketCells(seconds: number): Cell<SocketQuestion>[] {
  return (["one-way", "round-trip"] as const).flatMap((measure) =>
    socketPayloads.flatMap((payload) =>
      socketTransports.flatMap((transport) =>
        peers
          .filter(({ transports }) => transports.includes(transport))
          .flatMap(({ name, program, oneWay, roundTrip }) =>
            (measure === "one-way" ? oneWay : roundTrip)(payload).map((mode): Cell<SocketQuestion> => {
              return { peer: name, program, question: { measure, payload, transport, mode, seconds } };
            }),
          ),
      ),
    ),
  );
}
