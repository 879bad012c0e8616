import { socketMechanism } from "./socket-mechanism.js";

/** `tcp:` of `listen()` and `connect()`, over this machine's own address. */
export const tcpMechanism = socketMechanism(
  {
    name: "tcp",
    title: "TCP",
    carries: "messages",
    reach: ["machine", "network"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  () => "tcp://127.0.0.1:0",
);
