import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { registerClass } from "interproc";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";
import { type ConnectionKind, codes, type Pair, patterned, sentences } from "./connection-kind.js";

/** Can be sent, and not be received. */
class Fragile {
  constructor(readonly number: number) {}
}
/** For each copy of the package that is tested. */
export function registerFragile(register: typeof registerClass): void {
  register(Fragile, {
    name: "fragile",
    getState: ({ number }) => number,
    setState: (number) => {
      throw new RangeError(`fragile ${number} broke on its way`);
    },
  });
}
registerFragile(registerClass);

const broke = (number: number) => (error: Error & { readonly code?: string }) =>
  error.code === codes.codec.code && String(error.cause) === `RangeError: fragile ${number} broke on its way`;

/** More than any transport keeps of what nobody reads. */
const tooMuch = new Uint8Array(2 ** 24);

const valuesOfAll = [0, -1.5, 2 ** 52, "", "grüße 😀", true, false, null, [], {}, [[1], { a: [2] }]];
/** What a codec carries besides. */
const valuesOf = {
  structured: [
    ...[2 ** 53, undefined, 2n ** 70n, new Date(86_400_000), /a+/g, new Map([["k", { v: 1 }]]), new Set([1, "two"])],
    ...[new Uint8Array([1, 2, 255]), new Float64Array([1.5, -0.25]), new Int16Array([-1, 7])],
  ],
  json: [{ nested: [{ deep: null }] }],
  pickle: [2n ** 70n, new Map([[1, { v: 1 }]]), new Set([1, "two"]), new Uint8Array([1, 2, 255])],
} as const;

/** What every AsyncConnection keeps to, whatever it runs over: its promise forms. */
export function everyConnection(kind: ConnectionKind): void {
  const it = sentences(kind);

  describe(`${kind.name}: messages`, () => {
    it("smoke: what one end sends the other receives, both ways", async ({ near, far }) => {
      await near.send({ hello: "far", list: [1, 2, 3] });
      assert.deepEqual(await far.recv(), { hello: "far", list: [1, 2, 3] });
      await far.send("and back");
      assert.equal(await near.recv(), "and back");
    });

    it("[case 14] objects and typed arrays round-trip intact and in order", async ({ near, far }) => {
      for (const value of [...valuesOfAll, ...valuesOf[kind.codec ?? "structured"]]) {
        await near.send(value);
        assert.deepEqual(await far.recv(), value);
        await far.send(value);
        assert.deepEqual(await near.recv(), value);
      }
    });

    it("[case 14] byte messages of 1 B to 16 MiB round-trip intact and in order", async ({ near, far }) => {
      for (const length of [1, 7, 8, 4095, 16_384, 16_385, 65_536, 300_001, 2 ** 20, 2 ** 24]) {
        const bytes = patterned(length, length);
        const back = Promise.all([near.sendBytes(bytes), far.recvBytes()]).then(([, got]) => far.sendBytes(got));
        assert.equal(Buffer.compare(await near.recvBytes(), bytes), 0, `${length} bytes`);
        await back;
      }
    });

    it("[case 15] empty messages are delivered as empty messages and do not merge with neighbours", async (pair) => {
      const { near, far } = pair;
      for (const bytes of [patterned(0), patterned(3), patterned(0), patterned(0), patterned(1)])
        await near.sendBytes(bytes);
      const lengths = [];
      for (let i = 0; i < 5; i++) lengths.push((await far.recvBytes()).length);
      assert.deepEqual(lengths, [0, 3, 0, 0, 1]);
      await near.send("");
      assert.equal(await far.recv(), "");
    });

    it("[case 16] a thousand sends are a thousand receives, never merged or split", async ({ near, far }) => {
      const length = (i: number): number => (i * 7919) % 3000;
      const sending = (async () => {
        for (let i = 0; i < 1000; i++) await near.sendBytes(patterned(length(i), i));
      })();
      for (let i = 0; i < 1000; i++)
        assert.equal(Buffer.compare(await far.recvBytes(), patterned(length(i), i)), 0, `message ${i}`);
      await sending;
      assert.equal(await far.poll(), false);
    });

    it("calls that wait are served in the order in which they were made", async ({ near, far }) => {
      const receiving = [near.recv(), near.recv(), near.recv()];
      for (const value of ["a", "b", "c"]) await far.send(value);
      assert.deepEqual(await Promise.all(receiving), ["a", "b", "c"]);
    });

    it("sends that nobody awaited keep their order, also behind one that does not fit", async ({ near, far }) => {
      const sizes = [200_000, 10, 0, 70_000, 3, 16_384, 500_000, 1];
      const sends = sizes.map((size, i) => near.sendBytes(patterned(size, i)));
      for (const [i, size] of sizes.entries())
        assert.equal(Buffer.compare(await far.recvBytes(), patterned(size, i)), 0, `message ${i}`);
      await Promise.all(sends);
    });

    it("a message is a snapshot: changing the value after the call changes nothing", async ({ near, far }) => {
      await far.poll();
      const blocking = near.send(patterned(400_000));
      const value = { count: 1 };
      const bytes = new Uint8Array([1, 2, 3]);
      const sends = [blocking, near.send(value), near.sendBytes(bytes)];
      value.count = 2;
      bytes.fill(0);
      await far.recv();
      assert.deepEqual(await far.recv(), { count: 1 });
      assert.deepEqual([...(await far.recvBytes())], [1, 2, 3]);
      await Promise.all(sends);
    });

    it("a value that cannot be encoded is refused to the caller, and the connection goes on", async ({ near, far }) => {
      const refused = kind.codec === "json" ? { big: 1n } : { call: () => 1 };
      await assert.rejects(near.send(refused), codes.codec);
      await near.send("after");
      assert.equal(await far.recv(), "after");
    });

    it("sendMany and recvMany move batches whole and in order", async ({ near, far }) => {
      const values = Array.from({ length: 3000 }, (_, i) => ({ i, text: "x".repeat(i % 97) }));
      const sending = near.sendMany(values);
      const got: unknown[] = [];
      while (got.length < values.length) {
        const some = await far.recvMany(64);
        assert.ok(some.length >= 1 && some.length <= 64, `${some.length} at once`);
        got.push(...some);
      }
      await sending;
      assert.deepEqual(got, values);
      await near.sendMany([]);
      await far.send("still here");
      assert.deepEqual(await near.recvMany(10), ["still here"]);
    });

    if (!kind.isElsewhere)
      if (kind.codec === undefined)
        it("recvMany gives what came before a message that cannot be decoded, which fails the next receive and no other", async (pair) => {
          const { near, far } = pair;
          const take = async (count: number): Promise<unknown[]> => {
            const got: unknown[] = [];
            while (got.length < count) got.push(...(await near.recvMany(10)));
            return got;
          };
          const receives: readonly (() => Promise<unknown>)[] = [
            () => near.recv(),
            () => near.recvMany(10),
            () => near[Symbol.asyncIterator]().next(),
          ];
          for (const [round, receive] of receives.entries()) {
            await far.sendMany([1, { two: round }, new Fragile(1), 3, new Fragile(2), new Fragile(3), "last"]);
            assert.deepEqual(await take(2), [1, { two: round }]);
            assert.equal(await near.poll({ timeout: 20_000 }), true);
            await assert.rejects(receive(), broke(1));
            assert.deepEqual(await take(1), [3]);
            await assert.rejects(receive(), broke(2));
            await assert.rejects(receive(), broke(3));
            assert.deepEqual(await take(1), ["last"]);
          }
        });

    it("a send waits while nobody reads, and goes on when somebody does", async ({ near, far }) => {
      let sent = 0;
      const sends = Array.from({ length: 64 }, (_, i) => near.sendBytes(patterned(2 ** 20, i)).then(() => sent++));
      assert.equal(await far.poll({ timeout: 20_000 }), true);
      await sleep(20);
      assert.ok(sent < 64, `${sent} MiB were taken from the sender`);
      for (let i = 0; i < 64; i++) assert.equal((await far.recvBytes())[5], patterned(6, i)[5]);
      await Promise.all(sends);
    });
  });

  describe(`${kind.name}: the end`, () => {
    it("[case 17] after the peer's close what was sent still comes, then EOF, and poll says true", async (pair) => {
      const { near, far } = pair;
      for (let i = 0; i < 10; i++) await far.send(i);
      await far.close();
      for (let i = 0; i < 10; i++) assert.equal(await near.recv(), i);
      assert.equal(await near.poll({ timeout: 20_000 }), true);
      await assert.rejects(near.recv(), codes.end);
      await assert.rejects(near.recvBytes(), codes.end);
      await assert.rejects(near.recvMany(5), codes.end);
      assert.equal(await near.poll(), true);
    });

    it("a receive that waits ends with EOF when the peer closes", async ({ near, far }) => {
      const waiting = [near.recv(), near.recvBytes(), near.recvBytesInto(new Uint8Array(8))];
      const outcomes = Promise.allSettled(waiting);
      await turn();
      await far.close();
      for (const outcome of await outcomes) {
        assert.equal(outcome.status, "rejected");
        assert.equal((outcome.reason as { code: string }).code, codes.end.code);
      }
    });

    it("sending to a peer that has closed is a BrokenPipeError that has the value", async ({ near, far }) => {
      await far.close();
      const refused = async (): Promise<void> => {
        for (;;) await near.send({ lost: "letter" }); // a network may take a few before it knows
      };
      await assert.rejects(refused(), { ...codes.broken, undelivered: { lost: "letter" } });
    });

    it("a send that waits ends with BrokenPipeError when the peer closes", async ({ near, far }) => {
      const sends = Promise.allSettled(Array.from({ length: 64 }, () => near.sendBytes(patterned(2 ** 20))));
      await turn();
      await far.close();
      const last = (await sends).at(-1) as PromiseRejectedResult;
      assert.equal(last.status, "rejected");
      assert.equal((last.reason as { code: string }).code, codes.broken.code);
    });

    it("after this end's close every call is a ClosedError, and closing again is allowed", async ({ near, far }) => {
      const waiting = assert.rejects(near.recv(), codes.closed);
      assert.equal(near.closed, false);
      near.close();
      near.close();
      assert.equal(near.closed, true);
      await waiting;
      await assert.rejects(near.recv(), codes.closed);
      await assert.rejects(near.send(1), codes.closed);
      await assert.rejects(near.poll(), codes.closed);
      await assert.rejects(far.recv(), codes.end);
    });

    it("a message half written when its sender closes is void", async ({ near, far }) => {
      await near.send("whole");
      const half = assert.rejects(near.sendBytes(tooMuch), codes.closed);
      await turn();
      near.close();
      await half;
      assert.equal(await far.recv(), "whole");
      await assert.rejects(far.recv(), codes.end);
    });

    it("for await gives the messages and ends at the peer's close", async ({ near, far }) => {
      const sending = (async () => {
        for (let i = 0; i < 300; i++) await far.send(i);
        await far.close();
      })();
      const got = [];
      for await (const value of near) got.push(value);
      assert.deepEqual(
        got,
        Array.from({ length: 300 }, (_, i) => i),
      );
      await sending;
      for await (const value of near) assert.fail(`after the end came ${String(value)}`);
    });

    it("leaving a for await loop closes nothing and loses nothing", async ({ near, far }) => {
      await far.sendMany(["one", "two", "three"]);
      for await (const value of near) {
        assert.equal(value, "one");
        break;
      }
      assert.equal(near.closed, false);
      assert.equal(await near.recv(), "two");
      assert.equal(await near.recv(), "three");
    });

    it("leaving its scope closes it", async ({ near, far }) => {
      {
        await using scoped = near;
        await scoped.send("bye");
      }
      assert.equal(near.closed, true);
      assert.equal(await far.recv(), "bye");
      await assert.rejects(far.recv(), codes.end);
    });

    it("an end knows its transport", async ({ near }) => {
      assert.equal(near.peer.transport, kind.transport);
    });
  });

  describe(`${kind.name}: buffers and bounds`, () => {
    it("[case 19] sendBytes sends the part that offset and size name, and refuses what lies outside", async (pair) => {
      const { near, far } = pair;
      const bytes = new Uint8Array([0, 1, 2, 3, 4, 5]);
      await near.sendBytes(bytes, { offset: 2 });
      await near.sendBytes(bytes, { offset: 1, size: 3 });
      await near.sendBytes(bytes, { offset: 6 });
      await near.sendBytes(bytes.buffer, { size: 2 });
      await near.sendBytes(new Uint16Array(bytes.buffer, 2, 1));
      const got = [];
      for (let i = 0; i < 5; i++) got.push([...(await far.recvBytes())]);
      assert.deepEqual(got, [[2, 3, 4, 5], [1, 2, 3], [], [0, 1], [2, 3]]);
      const outside = [{ offset: -1 }, { offset: 7 }, { size: -1 }, { offset: 2, size: 5 }, { offset: 0.5 }];
      for (const options of outside) await assert.rejects(near.sendBytes(bytes, options), codes.usage);
      await assert.rejects(near.sendBytes("text" as unknown as Uint8Array), codes.usage);
      assert.equal(await far.poll(), false);
    });

    it("[case 20] a message longer than maxLength is refused and stays, and the connection stays usable", async (pair) => {
      const { near, far } = pair;
      await far.sendBytes(patterned(100));
      await assert.rejects(near.recvBytes({ maxLength: 99 }), codes.usage);
      assert.equal((await near.recvBytes({ maxLength: 100 })).length, 100);
      await assert.rejects(near.recvBytes({ maxLength: -1 }), codes.usage);
      const long = far.sendBytes(patterned(300_000));
      await assert.rejects(near.recvBytes({ maxLength: 10 }), codes.usage);
      assert.equal((await near.recvBytes()).length, 300_000);
      await long;
      await near.send("and this way");
      assert.equal(await far.recv(), "and this way");
    });

    it("[case 21] recvBytesInto copies to the offset, and a buffer too small gives the whole message in the error", async (pair) => {
      const { near, far } = pair;
      const buffer = new Uint8Array(10);
      for (let i = 0; i < 2; i++) await far.sendBytes(new Uint8Array([7, 8, 9]));
      assert.equal(await near.recvBytesInto(buffer), 3);
      assert.equal(await near.recvBytesInto(buffer, { offset: 5 }), 3);
      assert.deepEqual([...buffer], [7, 8, 9, 0, 0, 7, 8, 9, 0, 0]);
      await far.sendBytes(patterned(11));
      await assert.rejects(near.recvBytesInto(buffer), { ...codes.usage, undelivered: patterned(11) });
      await far.sendBytes(new Uint8Array([1, 2]));
      await assert.rejects(near.recvBytesInto(buffer, { offset: 9 }), codes.usage);
      await assert.rejects(near.recvBytesInto(buffer, { offset: -1 }), codes.usage);
      await assert.rejects(near.recvBytesInto(buffer, { offset: 11 }), codes.usage);
      const large = new Uint8Array(2 ** 20);
      const sending = far.sendBytes(patterned(1_000_000, 3));
      assert.equal(await near.recvBytesInto(large), 1_000_000);
      assert.equal(Buffer.compare(large.subarray(0, 1_000_000), patterned(1_000_000, 3)), 0);
      await sending;
    });

    it("[case 22] poll answers at once, waits its time, and counts a negative time as none", async ({ near, far }) => {
      assert.equal(await near.poll(), false);
      assert.equal(await near.poll({ timeout: -5 }), false);
      const begun = performance.now();
      assert.equal(await near.poll({ timeout: 50 }), false);
      assert.ok(performance.now() - begun >= 49, "it waited");
      const waiting = near.poll({ timeout: 20_000 });
      await far.send("here");
      assert.equal(await waiting, true);
      assert.equal(await near.poll({ timeout: 0 }), true);
      assert.equal(await near.recv(), "here");
    });
  });

  describe(`${kind.name}: giving up`, () => {
    it("[case 25] a receive that timed out or was aborted takes nothing", async ({ near, far }) => {
      await assert.rejects(near.recv({ timeout: 5 }), codes.timeout);
      await assert.rejects(near.recv({ timeout: 0 }), codes.timeout);
      const reason = new Error("changed my mind");
      const controller = new AbortController();
      const aborted = assert.rejects(near.recvBytes({ signal: controller.signal }), reason);
      controller.abort(reason);
      await aborted;
      await assert.rejects(near.recv({ signal: controller.signal }), reason);
      await far.send("whole and first");
      assert.equal(await near.recv({ timeout: 20_000 }), "whole and first");
    });

    if (kind.cannotVoid)
      it("[case 25] a message whose sending had begun and was given up is void, and so is the connection", async (pair) => {
        const { near, far } = pair;
        await near.send("before");
        await assert.rejects(near.sendBytes(tooMuch, { timeout: 10 }), codes.timeout);
        assert.equal(await far.recv(), "before");
        await assert.rejects(far.recv(), codes.end);
        await assert.rejects(near.send("after"), codes.broken);
      });
    if (kind.cannotVoid) return;

    it("[case 25] a send that timed out or was aborted is never delivered, not even in part", async ({ near, far }) => {
      const reason = new Error("changed my mind");
      const controller = new AbortController();
      const late = assert.rejects(near.sendBytes(tooMuch, { timeout: 10 }), codes.timeout);
      const aborted = assert.rejects(near.sendBytes(tooMuch, { signal: controller.signal }), reason);
      const inTime = near.send("in time");
      await late;
      controller.abort(reason);
      await aborted;
      assert.equal(await far.recv(), "in time");
      await inTime;
      await assert.rejects(near.send(1, { signal: controller.signal }), reason);
      await near.send("next");
      assert.equal(await far.recv(), "next");
    });

    it("a send that timed out has the value in its error", async ({ near }) => {
      const filler = assert.rejects(near.sendBytes(tooMuch, { timeout: 60 }), codes.timeout);
      await assert.rejects(near.send({ late: 1 }, { timeout: 5 }), { ...codes.timeout, undelivered: { late: 1 } });
      await filler;
    });

    for (const direction of ["near to far", "far to near"] as const)
      it(`random timeouts and aborts lose nothing and double nothing, ${direction}`, async ({ near, far }) => {
        const ends = direction === "near to far" ? { from: near, to: far } : { from: far, to: near };
        await impatience(ends.from, ends.to, chooseSeed());
      });
  });

  describe(`${kind.name}: as Web Streams`, () => {
    it("readable gives the messages and ends with the peer", async ({ near, far }) => {
      await far.sendMany([1, { two: 2 }, "three"]);
      await far.close();
      assert.ok(near.readable);
      assert.equal(near.readable, near.readable);
      const got: unknown[] = [];
      for await (const value of near.readable) got.push(value);
      assert.deepEqual(got, [1, { two: 2 }, "three"]);
    });

    it("writable sends its chunks with back-pressure, and closing it closes the end", async ({ near, far }) => {
      assert.ok(near.writable);
      const writer = near.writable.getWriter();
      const writes = [
        writer.write("first"),
        writer.write("long".repeat(2 ** 18)),
        writer.write("last"),
        writer.close(),
      ];
      assert.equal(await far.recv(), "first");
      assert.equal(((await far.recv()) as string).length, 2 ** 20);
      assert.equal(await far.recv(), "last");
      await Promise.all(writes);
      assert.equal(near.closed, true);
      await assert.rejects(far.recv(), codes.end);
    });

    it("cancelling readable closes the end", async ({ near, far }) => {
      await near.readable?.cancel();
      assert.equal(near.closed, true);
      await assert.rejects(far.recv(), codes.end);
    });
  });
}

/** Sends 0, 1, 2 … with much too little patience on both sides; who gave up tries the same again. */
async function impatience(from: Pair["near" | "far"], to: Pair["near" | "far"], seed: number): Promise<void> {
  const count = 150;
  const sender = new SeededRandom(seed);
  const receiver = new SeededRandom(seed + 1);
  const size = (i: number): number => (i % 5 === 0 ? 150_000 + i : i * 3);
  const patiently = async <T>(random: SeededRandom, call: (timeout: number) => Promise<T>): Promise<T> => {
    for (let tries = 0; ; tries++) {
      try {
        return await call(tries < 20 ? random.below(4) : 20_000);
      } catch (error) {
        if ((error as { code?: string }).code !== codes.timeout.code) throw error;
      }
    }
  };
  const sending = (async () => {
    for (let i = 0; i < count; i++)
      await patiently(sender, (timeout) => from.sendBytes(patterned(size(i), i), { timeout }));
  })();
  for (let i = 0; i < count; i++) {
    const got = await patiently(receiver, (timeout) => to.recvBytes({ timeout }));
    assert.equal(
      Buffer.compare(got, patterned(size(i), i)),
      0,
      `message ${i}, ${got.length} bytes (INTERPROC_SEED=${seed})`,
    );
    if (receiver.below(4) === 0) await sleep(receiver.below(3));
  }
  await sending;
  assert.equal(await to.poll(), false);
}
