import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LinkConnection, MAX_MESSAGE } from "#src/transports/link-connection.js";
import { messageCodec } from "#src/transports/message-codec.js";
import { rawFrames } from "#src/transports/raw-frames.js";
import { StreamLink } from "#src/transports/stream-link.js";
import { codes } from "../contract/connection-kind.js";
import { socketPair } from "../contract/socket-pair.js";

const watchdog = { timeout: 60_000 };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("raw frames", watchdog, () => {
  test("smoke: add nothing to what is sent, and give a copy of it", () => {
    const payload = bytes(1, 2, 3);
    const framed = new Uint8Array(rawFrames.room(payload.length) + 2);
    assert.equal(rawFrames.put(payload, framed, 1), 4);
    payload[0] = 9;
    assert.deepEqual(framed, bytes(0, 1, 2, 3, 0));
    assert.equal(rawFrames.parts, undefined, "nothing in the stream could take back a message that has begun");
  });

  test("give all that has come as one piece, in order, and then nothing until more comes", () => {
    const reader = rawFrames.reader(100);
    assert.equal(reader.next(true), undefined);
    reader.bytes.push(bytes(1, 2));
    reader.bytes.push(bytes());
    reader.bytes.push(bytes(3));
    assert.equal(reader.kept, 3);
    assert.deepEqual(reader.next(true), bytes(1, 2, 3));
    assert.deepEqual([reader.next(true), reader.kept], [undefined, 0]);
    reader.bytes.push(bytes(4));
    assert.deepEqual(reader.next(true), bytes(4));
  });

  test("give no piece longer than maxMessage: the rest follows, at the end of the stream as well", () => {
    const reader = rawFrames.reader(2);
    reader.bytes.push(bytes(1, 2, 3, 4, 5));
    assert.deepEqual(reader.next(true), bytes(1, 2));
    assert.equal(reader.kept, 3);
    assert.deepEqual([reader.last(), reader.last(), reader.last()], [bytes(3, 4), bytes(5), undefined]);
  });

  test("what they give is the caller's own where that is asked for", () => {
    const chunk = bytes(7, 7);
    const reader = rawFrames.reader(100);
    reader.bytes.push(chunk);
    const piece = reader.next(true) as Uint8Array;
    piece.fill(0);
    assert.deepEqual(chunk, bytes(7, 7));
  });
});

describe("a connection over raw frames", watchdog, () => {
  async function pair(maxMessage?: number): Promise<[LinkConnection<Uint8Array, Uint8Array>, LinkConnection]> {
    const [near, far] = (await socketPair()).map(
      (socket) =>
        new LinkConnection<Uint8Array, Uint8Array>({
          link: new StreamLink(socket, socket, rawFrames, maxMessage ?? MAX_MESSAGE),
          codec: messageCodec("bytes"),
          peer: { transport: "unix" },
          maxMessage,
        }),
    );
    return [near, far];
  }

  test("smoke: every byte arrives once and in order, in pieces that need not be those that were sent", async () => {
    const [near, far] = await pair();
    const sent = Uint8Array.from({ length: 1_000_000 }, (_, n) => (n * 31) >>> 3);
    const sending = (async () => {
      for (let at = 0; at < sent.length; at += 77_777) await near.send(sent.subarray(at, at + 77_777));
      near.close();
    })();
    const got: Uint8Array[] = [];
    for await (const piece of far) got.push(piece as Uint8Array);
    await sending;
    assert.ok(got.every(({ length }) => length > 0));
    assert.ok(Buffer.concat(got).equals(sent));
    far.close();
  });

  test("an empty message is nothing: the next one comes in its place, and the end is the end", async () => {
    const [near, far] = await pair();
    await near.send(bytes());
    await near.send(bytes(5));
    assert.deepEqual(await far.recv(), bytes(5));
    await near.send(bytes());
    near.close();
    await assert.rejects(far.recv(), codes.end);
    far.close();
  });

  test("with a small maxMessage, pieces are no longer than that, and a longer message is refused before it is sent", async () => {
    const [near, far] = await pair(4);
    await assert.rejects(near.send(bytes(1, 2, 3, 4, 5)), codes.usage);
    await near.send(bytes(1, 2, 3, 4));
    await near.send(bytes(5, 6, 7));
    near.close();
    const got: Uint8Array[] = [];
    for await (const piece of far) got.push(piece as Uint8Array);
    assert.ok(got.every(({ length }) => length <= 4));
    assert.deepEqual([...Buffer.concat(got)], [1, 2, 3, 4, 5, 6, 7]);
    far.close();
  });
});
