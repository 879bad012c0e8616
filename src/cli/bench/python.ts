import { spawnSync } from "node:child_process";
import { spawnProgram } from "../../index.js";
import { ChannelWire } from "./channel-wire.js";
import type { Mechanism } from "./mechanism.js";

const COMMAND = "python3";
const PATIENCE_MS = 5000;

/** `answerMessages` in Python, with nothing but its own library. */
const SCRIPT = `
import os, struct
from multiprocessing.connection import Connection
conn = Connection(int(os.environ["INTERPROC_FD"]))
total = 0
try:
    while True:
        message = conn.recv_bytes()
        if message[0] == 1:
            conn.send_bytes(message)
            continue
        total += 1
        if message[0] == 2:
            conn.send_bytes(bytes([2]) + bytes(7) + struct.pack(">d", total))
except (EOFError, ConnectionError):
    pass
`;

/** `spawnProgram(…, { connection: "python" })`: bytes to and from a Python program. */
export const pythonMechanism: Mechanism = {
  traits: {
    name: "python",
    title: "Python process",
    carries: "messages",
    reach: ["python"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async whyNot() {
    const { status, error } = spawnSync(COMMAND, ["-c", "import multiprocessing.connection"], {
      stdio: "ignore",
      timeout: PATIENCE_MS,
    });
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return `there is no ${COMMAND}`;
    return status === 0 ? undefined : `${COMMAND} cannot import multiprocessing.connection`;
  },
  async open() {
    const program = spawnProgram(COMMAND, ["-c", SCRIPT], { connection: "python", stderr: "ignore" });
    const { connection } = program;
    const failed = program.join().then(({ code, signal }): never => {
      throw new Error(`${COMMAND} ended with ${signal ?? `code ${code}`}`);
    });
    failed.catch(() => undefined);
    const peer = {
      failed,
      end: async () => {
        program.kill();
        await program.join({ timeout: PATIENCE_MS });
      },
    };
    const channel = {
      send: (bytes: Uint8Array) => connection.sendBytes(bytes),
      // as bytes each: a batch would be pickled
      sendMany: (messages: readonly Uint8Array[]) => Promise.all(messages.map((one) => connection.sendBytes(one))),
      recv: () => connection.recvBytes(),
      recvMany: async () => [await connection.recvBytes()],
    };
    return new ChannelWire(peer, channel, () => connection.close());
  },
};
