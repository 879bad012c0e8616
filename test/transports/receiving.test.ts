import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Link } from "#src/transports/link.js";
import { Receiving } from "#src/transports/receiving.js";

/** Receives from a link that only notes what it is told. */
function receivingFrom(told: string[] = []): Receiving {
  const link: Pick<Link, "pause" | "resume" | "kept" | "awaited"> = {
    kept: 0,
    pause: () => told.push("pause"),
    resume: () => told.push("resume"),
    awaited: (isAwaited) => told.push(isAwaited ? "awaited" : "not awaited"),
  };
  const nothing = (): void => undefined;
  return new Receiving(link as Link, nothing, nothing);
}

describe("receiving over a link", { timeout: 60_000 }, () => {
  test("smoke: a message that is there is taken without waiting, one that is not is none", () => {
    const receiving = receivingFrom();
    assert.equal(receiving.takeNow(), undefined);
    receiving.message(Uint8Array.of(1));
    receiving.message(Uint8Array.of(2));
    receiving.settled();
    assert.deepEqual(
      [receiving.takeNow(), receiving.takeNow(), receiving.takeNow()],
      [Uint8Array.of(1), Uint8Array.of(2), undefined],
    );
  });

  test("nobody overtakes who waits", async () => {
    const receiving = receivingFrom();
    const first = receiving.receive((bytes) => bytes[0], "recv()");
    receiving.message(Uint8Array.of(1));
    assert.equal(receiving.takeNow(), undefined);
    receiving.settled();
    assert.equal(await first, 1);
  });

  test("the link hears when somebody begins to wait, and when nobody does any more", async () => {
    const told: string[] = [];
    const receiving = receivingFrom(told);
    const both = [1, 2].map(() => receiving.receive((bytes) => bytes[0], "recv()"));
    receiving.message(Uint8Array.of(1));
    receiving.settled();
    assert.deepEqual(told, ["awaited"]);
    receiving.message(Uint8Array.of(2));
    receiving.settled();
    assert.deepEqual(told, ["awaited", "not awaited"]);
    assert.deepEqual(await Promise.all(both), [1, 2]);
    const given = receiving.receive((bytes) => bytes[0], "recv()").catch(() => "given up");
    receiving.rejectAll(() => new Error("closed"));
    assert.equal(await given, "given up");
    assert.deepEqual(told.slice(2), ["awaited", "not awaited"]);
  });

  test("too much that nobody takes pauses the link, and taking it lets it go on", () => {
    const told: string[] = [];
    const receiving = receivingFrom(told);
    for (let n = 0; n < 3; n++) receiving.message(new Uint8Array(40_000));
    receiving.settled();
    assert.deepEqual(told, ["pause"]);
    receiving.takeNow();
    assert.deepEqual(told, ["pause"]);
    receiving.takeNow();
    assert.deepEqual(told, ["pause", "resume"]);
  });

  test("a receiver that is always one message behind holds no more than that", () => {
    const receiving = receivingFrom();
    const before = process.memoryUsage().arrayBuffers;
    receiving.message(new Uint8Array(16 * 1024));
    for (let n = 0; n < 30_000; n++) {
      receiving.message(new Uint8Array(16 * 1024));
      assert.ok(receiving.takeNow());
    }
    const held = process.memoryUsage().arrayBuffers - before;
    assert.ok(held < 200e6, `${held} bytes of 480 MB are held`);
  });
});
