import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, test } from "node:test";
import { openQueue } from "interproc";
import { watchdog } from "../contract/connection-kind.js";

/** Something that begins as a server of NATS does, and then says no more than that. */
async function saying(error: string): Promise<{ url: string; close(): void }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(
      `INFO ${JSON.stringify({ server_id: "x", version: "2.9.10", proto: 1, max_payload: 1024, headers: true })}\r\n`,
    );
    socket.end(`-ERR '${error}'\r\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}/jobs`, close: () => server.close() };
}

describe("what a server of NATS says to who connects", watchdog, () => {
  test("smoke: that it was told too late who it is can be tried again; that it does not know him cannot", async () => {
    const [late, stranger] = [await saying("Authentication Timeout"), await saying("Authorization Violation")];
    await assert.rejects(openQueue(late.url), { code: "ERR_INTERPROC_SYSTEM", errno: "ETIMEDOUT", retryable: true });
    await assert.rejects(openQueue(stranger.url), { code: "ERR_INTERPROC_AUTHENTICATION" });
    late.close();
    stranger.close();
  });
});
