import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CodecError, type Connection, expose, NotFoundError, pipe, registerClass, remote } from "interproc";
import { Session } from "#src/rpc/session.js";
import { codes } from "../contract/connection-kind.js";
import { watchdog } from "../processes/running.js";

const runs = { numRuns: process.env.INTERPROC_TEST === "fast" ? 200 : 2000 };

/** An api with something of every kind, one end that calls it rightly, and one on which anything can be sent. */
function served(): { raw: Connection<unknown, unknown>; server: Session; closed: Promise<void> } {
  const [raw, far] = pipe<unknown, unknown>();
  const api = {
    add: (a: number, b: number) => a + b,
    back: (value: unknown) => value,
    call: (fn: () => unknown) => fn?.(),
    use: async (fn: () => Promise<unknown>) => fn(),
    wait: (signal: AbortSignal) => new Promise((_, reject) => signal?.addEventListener?.("abort", reject)),
    async *count(to: number) {
      for (let n = 0; n < Math.min(to, 100); n++) yield n;
    },
    read: async (sequence: AsyncIterable<unknown>) => {
      for await (const _ of sequence);
    },
    inner: { deep: { fn: () => () => 1 } },
  };
  const exposed = expose(far, api);
  return { raw, server: Session.of(far, "test"), closed: exposed.closed };
}

const word = fc.constantFrom("add", "back", "use", "wait", "count", "read", "inner", "deep", "fn", "then", "__proto__");
const id = fc.oneof(fc.nat(6), fc.constantFrom(-1, 1.5, Number.NaN, 2 ** 53, 2 ** 31, null, "0", undefined, 5n));
const value = fc.oneof(
  fc.anything({ maxDepth: 2, withNullPrototype: false, withBigInt: true, withMap: true }),
  fc.constant(null),
  fc.array(fc.constant(null), { maxLength: 3 }),
);
const step = fc.oneof(fc.nat(3), word, fc.constantFrom(-1, 0.5, null, "length", "value", "constructor"));
const refs = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.tuple(fc.array(step, { maxLength: 3 }), fc.oneof(fc.nat(6), id), id), { maxLength: 3 }),
  },
  { weight: 1, arbitrary: value },
);
const target = fc.oneof(word, fc.array(word, { maxLength: 3 }), id, value);
const failure = fc.oneof(value, fc.record({ name: fc.string(), message: fc.string(), stack: value, cause: value }));
/** A failure that is its own cause. */
function endless(): object {
  const failure = { name: "Error", message: "again", cause: {} };
  failure.cause = failure;
  return failure;
}

/** What looks like messages of calls, with anything wrong about them. */
const message = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constant(1), id, target, fc.oneof(fc.array(value, { maxLength: 3 }), value), refs),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(2, 7), id, value, refs) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(3, 4, 8, 10), id, failure) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(5, 6, 9), id, id) },
  { weight: 1, arbitrary: fc.array(value, { maxLength: 6 }) },
  { weight: 1, arbitrary: value },
);

describe("a peer that sends anything", watchdog, () => {
  test("smoke: [fuzz] ends at most its own session, by a ProtocolError, and nothing is thrown past it", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (messages) => {
        const { raw, server, closed } = served();
        const pending = server.call("asked", [() => 1], undefined).catch((error: unknown) => error);
        for (const one of messages) {
          try {
            if (!raw.closed) raw.trySend(one);
          } catch {
            // a value that no codec takes, or the session has ended and its end of the pipe with it
          }
        }
        await new Promise((resolve) => setImmediate(resolve));
        raw.close();
        await closed;
        const error = (await pending) as { code?: string };
        if (error?.code === "ERR_INTERPROC_PROTOCOL") ended++;
        assert.deepEqual(server.passed.sequences, 0);
        assert.equal(server.passed.functions, 0);
        assert.equal(server.underWay, 0);
      }),
      runs,
    );
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.ok(ended > runs.numRuns / 50, `only ${ended} sessions were ended: the messages are too tame`);
  });

  const malformed: [what: string, message: unknown][] = [
    ["no array", "call"],
    ["no id", [1]],
    ["a negative id", [1, -1, "add", []]],
    ["an unknown kind", [11, 0]],
    ["arguments that are none", [1, 0, "add", "args"]],
    ["a table that is none", [1, 0, "add", [null], 5]],
    ["a reference into nothing", [1, 0, "add", [null], [[[1], 1, 0]]]],
    ["a reference over a value", [1, 0, "add", [7], [[[0], 1, 0]]]],
    ["a reference through a prototype", [1, 0, "add", [{}], [[[0, "__proto__", "polluted"], 1, 0]]]],
    ["a reference of no kind", [1, 0, "add", [null], [[[0], 9, 0]]]],
    ["a function come home that never left", [1, 0, "add", [null], [[[0], 4, 77]]]],
    ["a failure that is none", [3, 0, { name: 5 }]],
    ["a failure without end", [3, 0, endless()]],
    ["an abort without a reason", [4, 0]],
    ["more items than anybody counts", [6, 0, "many"]],
    ["a release by no number", [5, 0, -5]],
    ["the unreadable message that never was", [10, 1_000_000, "why"]],
  ];
  for (const [what, bad] of malformed)
    test(`ends its session when it sends ${what}: what waits there is a ProtocolError`, async () => {
      const { raw, server, closed } = served();
      const pending = assert.rejects(server.call("asked", [], undefined), codes.protocol);
      raw.trySend(bad);
      await closed;
      await pending;
      await assert.rejects(server.call("asked", [], undefined), codes.protocol);
      raw.close();
    });

  test("calls one number twice, or passes one sequence twice, is over", async () => {
    for (const twice of [
      [
        [1, 0, "wait", [null], [[[0], 2, 0]]],
        [1, 0, "wait", [null], [[[0], 2, 1]]],
      ],
      [
        [1, 0, "back", [null], [[[0], 3, 0]]],
        [1, 1, "back", [null], [[[0], 3, 0]]],
      ],
    ]) {
      const { raw, closed } = served();
      for (const one of twice) raw.trySend(one);
      await closed;
      raw.close();
    }
  });

  test("sends items that nobody asked for is over, and items of a sequence that was left are dropped", async () => {
    const { raw, closed } = served();
    raw.trySend([1, 0, "back", [null], [[[0], 3, 5]]]);
    raw.trySend([7, 99, "of nothing"]);
    raw.trySend([7, 5, "not asked for"]);
    await closed;
    raw.close();
  });

  test("does not take its answers: reading stops, and what waits does not grow, until it does", async () => {
    const [raw, far] = pipe<unknown, unknown>({ capacity: 4096 });
    let calls = 0;
    expose(far, { big: () => `${++calls}`.padEnd(500) }, { maxServed: 64 });
    const sending = (async () => {
      for (let id = 0; id < 5000; id++) await raw.send([1, id, "big", []]);
    })();
    let quiet = 0;
    for (let before = -1; quiet < 50; before = calls) {
      quiet = calls === before ? quiet + 1 : 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(calls < 400, `${calls} calls were answered to a peer that reads nothing`);
    for (let answers = 0; answers < 5000; answers++) await raw.recv();
    await sending;
    raw.close();
  });

  test("goes on calling without taking answers while this side waits for one is ended", async () => {
    const [raw, far] = pipe<unknown, unknown>({ capacity: 4096 });
    const exposed = expose(far, { big: () => "x".repeat(500) }, { maxServed: 16 });
    const pending = assert.rejects(Session.of(far, "test").call("asked", [], undefined), codes.protocol);
    const sending = (async () => {
      for (let id = 0; id < 5000; id++) await raw.send([1, id, "big", []]);
    })();
    await assert.rejects(sending, codes.broken);
    await pending;
    await exposed.closed;
    raw.close();
  });

  test("leaves connection ends in calls that are refused: they are closed, so that nobody waits for them", async () => {
    const [near, far] = pipe();
    expose(far, { ok: () => "ok" });
    const api = remote<{ missing(queue: { end: unknown }): void; ok(): string }>(near);
    const [mine, theirs] = pipe();
    await assert.rejects(api.missing({ end: theirs }));
    await assert.rejects(mine.recv(), codes.end);
    near.close();
    far.close();
    mine.close();
  });
});

describe("a message that cannot be decoded", watchdog, () => {
  class Known {
    value = 1;
  }
  registerClass(Known);
  const holdsKnown = (value: unknown): boolean =>
    value instanceof Known || (Array.isArray(value) && value.some(holdsKnown));

  /** An end that fails to decode some messages, as one does whose process has not registered a class. */
  function blind(end: Connection, isBad = holdsKnown, Failure: typeof CodecError | typeof NotFoundError = CodecError) {
    const check = (message: unknown): unknown => {
      if (isBad(message)) throw new Failure("no such class here");
      return message;
    };
    return new Proxy(end, {
      get(target, key) {
        if (key === "recv") return async () => check(await target.recv());
        if (key === "tryRecv") return () => check(target.tryRecv());
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  interface Api {
    take(value: unknown): string;
    give(known: boolean): unknown;
  }
  const api: Api = { take: (value) => typeof value, give: (known) => (known ? new Known() : "plain") };
  const told = (settled: PromiseSettledResult<unknown>): unknown =>
    settled.status === "fulfilled" ? settled.value : settled.reason.message;

  test("smoke: costs its own call only, and its caller is told: arguments", async () => {
    const [near, far] = pipe();
    expose(blind(far), api);
    const calls = remote<Api>(near);
    const settled = await Promise.allSettled([
      calls.take(1),
      calls.take(Symbol("never sent, and so never counted")),
      calls.take(new Known()),
      calls.give(false),
    ]);
    const [one, never, known, plain] = settled.map(told);
    assert.deepEqual([one, plain], ["number", "plain"]);
    assert.match(String(never), /symbol/);
    assert.equal(known, "take(): the other side cannot read the arguments: no such class here");
    near.close();
    far.close();
  });

  test("costs its own call only, and its caller is told: a result", async () => {
    const [near, far] = pipe();
    expose(far, api);
    const calls = remote<Api>(blind(near));
    const settled = await Promise.allSettled([calls.take(1), calls.give(true), calls.give(false)]);
    const [one, known, plain] = settled.map(told);
    assert.deepEqual([one, plain], ["number", "plain"]);
    assert.match(String(known), /the result cannot be read by the caller: no such class here/);
    near.close();
    far.close();
  });

  test("in the middle of a sequence is an error of that sequence, and no item that is passed over", async () => {
    const [near, far] = pipe();
    expose(far, {
      *items() {
        yield* [1, new Known(), 3];
      },
    });
    const calls = remote<{ items(): Generator<unknown> }>(blind(near));
    const seen: unknown[] = [];
    await assert.rejects(
      async () => {
        for await (const one of calls.items()) seen.push(one);
      },
      { message: /cannot read an item|of which 1 cannot be read here/ },
    );
    assert.equal(seen[0], 1);
    near.close();
    far.close();
  });

  test("because an object in it is gone costs its own call as well", async () => {
    const [near, far] = pipe();
    expose(blind(far, holdsKnown, NotFoundError), api);
    const calls = remote<Api>(near);
    const [gone, plain] = await Promise.allSettled([calls.take(new Known()), calls.give(false)]);
    assert.match(String(told(gone)), /cannot read the arguments/);
    assert.equal(told(plain), "plain");
    near.close();
    far.close();
  });

  test("is believed a thousand times in a row, and then the session is over", async () => {
    const [near, far] = pipe();
    const exposed = expose(
      blind(far, () => true),
      api,
    );
    const calls = remote<Api>(near);
    for (let n = 0; n < 1000; n++) await assert.rejects(calls.give(false), codes.codec);
    await assert.rejects(calls.give(false), { code: "ERR_INTERPROC_ABANDONED" });
    await exposed.closed;
    near.close();
  });
});
