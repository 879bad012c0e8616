import { join } from "node:path";
import { socketMechanism } from "./socket-mechanism.js";

/** `unix:` of `listen()` and `connect()`. */
export const unixMechanism = socketMechanism(
  {
    name: "unix",
    title: "unix socket",
    carries: "messages",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  (folder) => `unix:${join(folder, "socket")}`,
);
