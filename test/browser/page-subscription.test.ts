import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bounds } from "#src/brokers/bounds.js";
import { PageSubscription } from "#src/browser/page-subscription.js";

const socket = {
  protocol: "",
  readyState: 1,
  bufferedAmount: 0,
  binaryType: "",
  send() {},
  close() {},
  addEventListener() {},
};

/** A frame as the gateway makes it. */
function frame(key: string, body: Uint8Array, missed = 0): Uint8Array {
  const head = Buffer.from(JSON.stringify({ key, contentType: "application/octet-stream", headers: {}, missed }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return new Uint8Array(Buffer.concat([length, head, body]));
}

describe("a page's subscription, which cannot make its gateway wait", () => {
  test("smoke: gives what came, in order, and what was given back in front", async () => {
    const some = new PageSubscription(socket, "news");
    for (const key of ["a", "b", "c"]) some.add(frame(key, new Uint8Array([7])));
    const [first, second] = (await some.take(2, true, new Bounds())) ?? [];
    assert.deepEqual([first.key, second.key, first.body[0]], ["a", "b", 7]);
    await some.settle([second], "return");
    assert.deepEqual(
      (await some.take(9, true, new Bounds()))?.map(({ key }) => key),
      ["b", "c"],
    );
    assert.deepEqual(await some.take(1, false, new Bounds()), []);
  });

  test("keeps 10,000 messages or 16 MiB, and counts what it misses beside what the gateway says", async () => {
    const many = new PageSubscription(socket, "news");
    for (let n = 0; n < 10_007; n++) many.add(frame(`${n}`, new Uint8Array(0), 5));
    assert.equal(many.missed, 7 + 5);
    assert.equal((await many.take(1, true, new Bounds()))?.[0].key, "7");
    const large = new PageSubscription(socket, "news");
    for (let n = 0; n < 20; n++) large.add(frame(`${n}`, new Uint8Array(2 ** 20)));
    assert.equal(large.missed, 4);
    // one that is larger than all is kept all the same
    large.add(frame("huge", new Uint8Array(20 * 2 ** 20)));
    assert.deepEqual(
      (await large.take(9, true, new Bounds()))?.map(({ key }) => key),
      ["huge"],
    );
  });

  test("what waits is told of the end: nothing more where the gateway closed, an error where it was lost", async () => {
    const codes: unknown[] = [];
    for (const code of [1001, 1006, 1011]) {
      const one = new PageSubscription(socket, "news");
      const waiting = one.take(1, true, new Bounds()).then(String, (error: { code: string }) => error.code);
      one.ended({ code, reason: "because" });
      codes.push(await waiting);
    }
    assert.deepEqual(codes, ["undefined", "ERR_INTERPROC_SYSTEM", "ERR_INTERPROC_PROTOCOL"]);
  });
});
