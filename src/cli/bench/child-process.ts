import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ChannelWire } from "./channel-wire.js";
import { childProcessChannel } from "./child-process-channel.js";
import type { Mechanism } from "./mechanism.js";
import type { Peer } from "./peer.js";

/** `child.send()` with the serialization that takes bytes. */
export const childProcessMechanism: Mechanism = {
  traits: {
    name: "child_process",
    title: "child_process (advanced)",
    carries: "messages",
    reach: ["machine"],
    survives: "nothing",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async open() {
    const program = fileURLToPath(new URL("child-process-main.js", import.meta.url));
    const child = fork(program, { serialization: "advanced", stdio: ["ignore", "ignore", "ignore", "ipc"] });
    return new ChannelWire(peerOf(child), childProcessChannel(child));
  },
};

function peerOf(child: ChildProcess): Peer {
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  });
  const failed = gone.then((how): never => {
    throw new Error(`the other process: ${how}`);
  });
  failed.catch(() => undefined);
  return {
    failed,
    end: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
