import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { Settings } from "#src/transports/connection-options.js";
import type { Framing } from "#src/transports/framing.js";
import { lengthFrames } from "#src/transports/length-frames.js";
import { LinkConnection } from "#src/transports/link-connection.js";
import { messageCodec } from "#src/transports/message-codec.js";
import { pythonFrames } from "#src/transports/python-frames.js";
import { socketKernel } from "#src/transports/socket-kernel.js";
import { socketLink } from "#src/transports/socket-link.js";
import { socketPair } from "../contract/socket-pair.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";
import { framed } from "./framed.js";

const watchdog = { timeout: 120_000 };
const maxMessage = 8 * 1024 * 1024;

const content = (number: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length, number & 0xff);
  for (let at = 0; at < length; at += 1000) bytes[at] = (number + at / 1000) & 0xff;
  return bytes;
};

/** A socket whose bytes the test chooses, and the connection that receives them. */
async function received(framing: Framing): Promise<[Socket, LinkConnection<Uint8Array, Uint8Array>]> {
  const [near, far] = await socketPair();
  const link = socketLink(far, { framing, maxMessage } as Settings, await socketKernel());
  const connection = new LinkConnection<Uint8Array, Uint8Array>({
    link,
    codec: messageCodec("bytes"),
    peer: { transport: "unix" },
    maxMessage,
  });
  return [near, connection];
}

for (const framing of [lengthFrames(true), pythonFrames])
  describe(`long messages in ${framing.name} frames`, watchdog, () => {
    test("smoke: arrive whole, in order, whatever pieces they come in and whenever somebody asks", async (t) => {
      const seed = chooseSeed();
      t.diagnostic(`INTERPROC_SEED=${seed}`);
      const random = new SeededRandom(seed);
      const [near, connection] = await received(framing);
      const lengths = Array.from({ length: 120 }, () => {
        const least = random.pick([0, 10, 16_383, 65_530, 65_536, 200_000, 1_048_570, 3_000_000]);
        return least + random.below(20);
      });
      const stream = Buffer.concat(lengths.map((length, number) => framed(framing, content(number, length))));
      const sending = (async () => {
        for (let at = 0; at < stream.length; ) {
          const size = random.pick([1, 3, 5000, 65_536, 300_000, 2_000_000]);
          if (!near.write(stream.subarray(at, at + size))) await new Promise((resolve) => near.once("drain", resolve));
          at += size;
          if (random.below(10) === 0) await turn();
        }
        near.end();
      })();
      for (const [number, length] of lengths.entries()) {
        if (random.below(4) === 0) await sleep(random.below(4)); // it is paused, and Node holds some of it
        const message = await connection.recv();
        assert.equal(message.length, length, `message ${number}`);
        assert.equal(Buffer.compare(message, content(number, length)), 0, `bytes of message ${number}`);
        message.fill(0); // it is the caller's own
      }
      await sending;
      await assert.rejects(connection.recv(), { code: "ERR_INTERPROC_EOF" });
      connection.close();
    });

    test("a message whose sender ends inside it was never there", async () => {
      const [near, connection] = await received(framing);
      near.write(framed(framing, content(1, 100_000)));
      near.end(framed(framing, content(2, 500_000)).subarray(0, 400_000));
      assert.equal((await connection.recv()).length, 100_000);
      await assert.rejects(connection.recv(), { code: "ERR_INTERPROC_EOF" });
      connection.close();
    });

    test("one that nobody awaits is read ahead a little and no further", async () => {
      const [near, connection] = await received(framing);
      let isWritten = false;
      near.write(framed(framing, content(3, 6_000_000)), () => (isWritten = true));
      for (let n = 0; n < 40; n++) await sleep(5);
      assert.ok(!isWritten, "6 MB were read that nobody asked for");
      assert.equal((await connection.recv()).length, 6_000_000);
      assert.ok(isWritten);
      near.destroy();
      connection.close();
    });
  });
