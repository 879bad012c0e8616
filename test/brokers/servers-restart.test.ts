import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openQueue } from "interproc";
import { type OwnServer, ownServer } from "../stress/own-server.js";

/** A server takes its time to begin, twice. */
const watchdog = { timeout: 160_000 };

/** A server of NATS of the test's own, which is there; undefined where it is not installed. */
async function begun(folder: string): Promise<OwnServer | undefined> {
  const server = await ownServer("nats", folder);
  await server?.start();
  return server;
}

describe("nats: a server that is killed and started again", () => {
  test(
    "smoke: what it had before is marked, for it may have forgotten deliveries; what it gets then is not",
    watchdog,
    async (context) => {
      const folder = mkdtempSync(join(tmpdir(), "interproc-restart-"));
      const server = await begun(folder);
      if (server === undefined) return context.diagnostic("there is no nats");
      try {
        await using queue = await openQueue<string>(`${server.url}/q?ackWait=1000`);
        await queue.putMany(["taken", "waiting"]);
        const held = await queue.take();
        assert.deepEqual([held.value, held.redelivered], ["taken", false]);
        await server.kill();
        await server.start();
        await queue.put("after");
        const marks = new Map<string, boolean>();
        for await (const message of queue.messages()) {
          marks.set(message.value, message.redelivered);
          await message.ack();
          if (["waiting", "after"].every((one) => marks.has(one))) break;
        }
        assert.deepEqual(Object.fromEntries(marks), { waiting: true, after: false });
      } finally {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  test("a put that was under way is made again, and marked", watchdog, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-restart-"));
    const server = await begun(folder);
    if (server === undefined) return context.diagnostic("there is no nats");
    try {
      await using queue = await openQueue<string>(`${server.url}/q`);
      await queue.put("before");
      assert.equal(await queue.get(), "before");
      server.signal("SIGSTOP");
      const putting = queue.put("under way");
      await server.kill();
      await server.start();
      await putting;
      const message = await queue.take();
      assert.deepEqual([message.value, message.redelivered], ["under way", true]);
      await message.ack();
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
