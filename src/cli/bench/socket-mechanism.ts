import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AsyncConnection, connect, listen, task } from "../../index.js";
import { answerMessages } from "./answer-messages.js";
import { ChannelWire } from "./channel-wire.js";
import { connectionChannel } from "./connection-channel.js";
import type { Mechanism, Traits } from "./mechanism.js";
import { spawnPeer } from "./spawn-peer.js";

/** Bytes as they are, so that what is measured is the transport. */
const codec = "bytes";

const answerSocket = task(import.meta, async function answerSocket(url: string): Promise<void> {
  const connection = await connect<Uint8Array, Uint8Array>(url, { codec });
  await answerMessages(connectionChannel(connection));
});

/** A transport of `listen()` and `connect()`; `url` says where to listen, given a folder of one's own. */
export function socketMechanism(traits: Traits, url: (folder: string) => string): Mechanism {
  return {
    traits,
    async open(_mostBytes, signal) {
      const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
      const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
      const listener = await listen<Uint8Array, Uint8Array>(url(folder), { codec }).catch((error) => {
        removeFolder();
        throw error;
      });
      const peer = spawnPeer(answerSocket, [listener.address], signal);
      let connection: AsyncConnection<Uint8Array, Uint8Array> | undefined;
      const cleanUp = async (): Promise<void> => {
        connection?.close();
        await listener.close();
        removeFolder();
      };
      try {
        connection = await Promise.race([listener.accept(), peer.failed]);
      } catch (error) {
        await peer.end();
        await cleanUp();
        throw error;
      }
      return new ChannelWire(peer, connectionChannel(connection), cleanUp);
    },
  };
}
