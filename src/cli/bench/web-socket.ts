import { socketMechanism } from "./socket-mechanism.js";

/** `ws:` of `listen()` and `connect()`, over this machine's own address. */
export const webSocketMechanism = socketMechanism(
  {
    name: "websocket",
    title: "WebSocket",
    carries: "messages",
    reach: ["machine", "network", "browser"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  () => "ws://127.0.0.1:0",
);
