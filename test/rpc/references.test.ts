import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RemoteError } from "interproc";
import { until, watchdog } from "../processes/running.js";
import { gate, joined } from "./joined.js";

type Released = { [Symbol.dispose](): void };
type Listener = ((n: number) => Promise<number>) & Released;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Collects garbage until a condition holds: finalizers run when the loop turns. */
async function untilCollected(condition: () => boolean): Promise<void> {
  await until(() => {
    collectGarbage();
    return condition();
  });
}

describe("a function that is passed", watchdog, () => {
  test("smoke: is called where it is, and what it returns or throws comes back", async () => {
    using both = joined({
      sum: async (values: number[], each: (n: number) => number) => {
        let sum = 0;
        for (const value of values) sum += await each(value);
        return sum;
      },
      deep: async (options: { on: { done: (() => string)[] } }) => options.on.done[1](),
    });
    assert.equal(await both.api.sum([1, 2, 3], (n) => n * 10), 60);
    assert.equal(await both.api.deep({ on: { done: [() => "first", () => "second"] } }), "second");
    const failing = (): never => {
      throw new RangeError("not today");
    };
    const error = await both.api.sum([1], failing).catch((thrown: unknown) => thrown as RemoteError);
    assert.ok(error instanceof RemoteError);
    assert.match(error.message, /sum\(\): RemoteError: a callback: RangeError: not today/);
  });

  test("leaves the caller's objects as they are, also ones that stand in it twice or hold themselves", async () => {
    interface Node {
      name: string;
      call: () => string;
      self?: Node;
    }
    using both = joined({
      twice: async (list: Node[]) => [list[0] === list[1], list[0].self === list[0], await list[1].call()],
    });
    const node: Node = { name: "node", call: () => "called" };
    node.self = node;
    const list = [node, node];
    assert.deepEqual(await both.api.twice(list), [true, true, "called"]);
    assert.equal(list[0], node);
    assert.equal(node.call(), "called");
  });

  test("is the same function when it comes again, and comes home as itself", async () => {
    const listeners = new Set<Listener>();
    using both = joined({
      on: (one: Listener) => void listeners.add(one),
      off: (one: Listener) => listeners.delete(one),
      back: (one: (n: number) => number) => one,
      tell: async (n: number) => Promise.all([...listeners].map((one) => one(n))),
    });
    const one = (n: number): number => n + 1;
    const other = (n: number): number => n + 2;
    for (const listener of [one, other, one]) await both.api.on(listener as unknown as Listener);
    assert.equal(listeners.size, 2);
    assert.deepEqual(await both.api.tell(1), [2, 3]);
    assert.equal(await both.api.off(one as unknown as Listener), true);
    assert.deepEqual(await both.api.tell(1), [3]);
    assert.equal(await both.api.back(one), one);
  });

  test("is forgotten once the other side disposes of it, and cannot be called any more", async () => {
    let kept: Listener | undefined;
    using both = joined({
      keep: (one: Listener) => {
        kept = one;
      },
      use: () => kept?.(1),
    });
    const one = ((n: number) => n) as unknown as Listener;
    await both.api.keep(one);
    await both.api.keep(one);
    assert.equal(both.caller.passed.functions, 1);
    assert.equal(await both.api.use(), 1);
    kept?.[Symbol.dispose]();
    kept?.[Symbol.dispose]();
    await assert.rejects(both.api.use(), { message: /disposed of/ });
    assert.deepEqual([both.caller.passed.functions, both.server.passed.remote], [0, 0]);
  });

  test("[leak] is forgotten when the other side has collected it: 20,000 calls with callbacks leave nothing", async () => {
    using both = joined({ run: async (one: () => number) => one(), give: (n: number) => () => n });
    for (let round = 0; round < 20; round++)
      await Promise.all(Array.from({ length: 1000 }, (_, n) => both.api.run(() => n)));
    const given = await both.api.give(7);
    assert.equal(await given(), 7);
    await untilCollected(() => both.caller.passed.functions === 0 && both.server.passed.remote === 0);
    assert.equal(await given(), 7);
    assert.equal(both.server.passed.functions, 1);
  });

  test("is not kept when the call that it goes along with cannot be sent", async () => {
    using both = joined({ take: (_: unknown) => undefined });
    for (let n = 0; n < 10; n++)
      await assert.rejects(both.api.take([() => 1, Symbol("no")]), { code: "ERR_INTERPROC_CODEC" });
    assert.equal(both.caller.passed.functions, 0);
    await assert.rejects((both.api as unknown as Record<string, (f: () => void) => Promise<void>>).nothing(() => 1));
    assert.equal(both.caller.passed.functions, 0);
  });
});

describe("a signal that is passed", watchdog, () => {
  test("smoke: rejects the call with its reason at once, and fires on the other side with it", async () => {
    const reasons: unknown[] = [];
    const began = gate();
    using both = joined({
      wait: ({ signal }: { signal: AbortSignal }) =>
        new Promise<void>(() => {
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          began.open();
        }),
    });
    const controller = new AbortController();
    const call = both.api.wait({ signal: controller.signal });
    await began.opened;
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(call, (error) => error === reason);
    await until(() => reasons.length > 0);
    assert.match((reasons[0] as Error).message, /enough/);
    assert.equal(both.caller.underWay, 0);
  });

  for (const [reason, is] of [
    [undefined, (got: unknown) => got instanceof DOMException && got.name === "AbortError"],
    ["text", (got: unknown) => got === "text"],
    [{ why: 5 }, (got: unknown) => got instanceof RemoteError],
  ] as const)
    test(`keeps what it can of its reason: ${String(reason)}`, async () => {
      const fired = gate();
      let got: unknown;
      using both = joined({
        wait: (signal: AbortSignal) =>
          new Promise<void>((resolve) =>
            signal.addEventListener("abort", () => {
              got = signal.reason;
              fired.open();
              resolve();
            }),
          ),
      });
      const controller = new AbortController();
      const call = both.api.wait(controller.signal).catch(() => undefined);
      controller.abort(reason);
      await call;
      await fired.opened;
      assert.ok(is(got), String(got));
    });

  test("that has fired already rejects the call before anything is sent", async () => {
    let calls = 0;
    using both = joined({ count: (_: AbortSignal, __: () => void) => ++calls });
    const call = both.api.count(AbortSignal.abort("before"), () => undefined);
    await assert.rejects(call, (reason) => reason === "before");
    assert.equal(await both.api.count(new AbortController().signal, () => undefined), 1);
  });

  test("fires on the other side when the call's time is over", async () => {
    const fired = gate();
    using both = joined(
      {
        wait: (signal: AbortSignal) =>
          new Promise<void>(() =>
            signal.addEventListener("abort", () => signal.reason.name === "TimeoutError" && fired.open()),
          ),
      },
      { timeout: 20 },
    );
    await assert.rejects(both.api.wait(new AbortController().signal), { code: "ERR_INTERPROC_TIMEOUT" });
    await fired.opened;
  });

  test("ends a call that waits for its turn", async () => {
    using both = joined({ wait: (_?: AbortSignal) => new Promise<void>(() => undefined) }, { maxCalls: 1 });
    both.api.wait().catch(() => undefined);
    const controller = new AbortController();
    const call = both.api.wait(controller.signal);
    controller.abort("given up");
    await assert.rejects(call, (reason) => reason === "given up");
  });

  test("goes with any number of calls without a warning, and is let go of with each", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    using both = joined({ ok: (_: AbortSignal) => "ok" });
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 200 }, () => both.api.ok(signal)));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    assert.deepEqual(warnings, []);
  });

  test("is refused in a result, where no call is there that it could end", async () => {
    using both = joined({ give: () => new AbortController().signal });
    await assert.rejects(both.api.give(), { message: /AbortSignal can go along with the arguments/ });
  });
});

describe("a sequence", watchdog, () => {
  async function* count(to: number, log?: string[]): AsyncGenerator<number> {
    try {
      for (let n = 0; n < to; n++) {
        log?.push(`made ${n}`);
        yield n;
      }
    } finally {
      log?.push("cleaned up");
    }
  }

  test("smoke: that a method returns can be awaited and iterated, or iterated at once", async () => {
    using both = joined({ count: (to: number) => count(to) });
    const seen: number[] = [];
    for await (const n of both.api.count(100)) seen.push(n);
    assert.deepEqual(seen, [...Array(100).keys()]);
    const sequence = await both.api.count(3);
    assert.deepEqual([await sequence.next(), (await sequence.next()).value], [{ done: false, value: 0 }, 1]);
    await until(() => true);
    for await (const n of sequence) assert.equal(n, 2);
    assert.deepEqual(await sequence.next(), { done: true, value: undefined });
    assert.deepEqual([both.caller.passed.sequences, both.server.passed.sequences], [0, 0]);
  });

  test("that is an argument is read on the other side, items with functions and sequences in them too", async () => {
    using both = joined({
      sum: async (numbers: AsyncIterable<number>) => {
        let sum = 0;
        for await (const n of numbers) sum += n;
        return sum;
      },
      nested: async (rows: AsyncIterable<{ row: AsyncIterable<number>; scale: (n: number) => number }>) => {
        const sums: number[] = [];
        for await (const { row, scale } of rows) for await (const n of row) sums.push(await scale(n));
        return sums;
      },
    });
    assert.equal(await both.api.sum(count(1000)), 499_500);
    assert.equal(await both.api.sum(ReadableStream.from([1, 2, 3])), 6);
    async function* rows(): AsyncGenerator<{ row: AsyncIterable<number>; scale: (n: number) => number }> {
      yield { row: count(2), scale: (n) => n * 10 };
      yield { row: count(3), scale: (n) => n * 100 };
    }
    assert.deepEqual(await both.api.nested(rows()), [0, 10, 0, 100, 200]);
  });

  test("is not begun before somebody reads, and read no further ahead than 32 items", async () => {
    const log: string[] = [];
    using both = joined({ count: () => count(10_000, log), ok: () => "ok" });
    const sequence = await both.api.count();
    await both.api.ok();
    assert.deepEqual(log, []);
    for (let n = 0; n < 100; n++) assert.equal((await sequence.next()).value, n);
    for (let n = 0; n < 20; n++) await both.api.ok();
    assert.ok(log.length >= 100 && log.length <= 133, `${log.length} items were made for 100 that were read`);
    await sequence.return?.();
    await until(() => log.at(-1) === "cleaned up");
    assert.deepEqual(await sequence.next(), { done: true, value: undefined });
    assert.deepEqual([both.caller.passed.sequences, both.server.passed.sequences], [0, 0]);
  });

  test("whose loop is left runs its `return` on the other side", async () => {
    const log: string[] = [];
    using both = joined({ count: () => count(10_000, log) });
    for await (const n of both.api.count()) if (n === 5) break;
    await until(() => log.at(-1) === "cleaned up");
    assert.equal(both.server.passed.sequences, 0);
  });

  test("that throws in the middle throws there after the items before", async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new RangeError("the third");
    }
    using both = joined({ failing: () => failing(), bad: () => [1, Symbol("no")].values() });
    const seen: unknown[] = [];
    await assert.rejects(
      async () => {
        for await (const n of both.api.failing()) seen.push(n);
      },
      { remoteName: "RangeError", message: /the third/ },
    );
    assert.deepEqual(seen, [1, 2]);
    const before: unknown[] = [];
    await assert.rejects(
      async () => {
        for await (const n of both.api.bad()) before.push(n);
      },
      { remoteName: "CodecError" },
    );
    assert.deepEqual(before, [1]);
  });

  test("of a stream: leaving the loop cancels it, also while it waits for its next chunk", async () => {
    const cancelled = gate();
    const stream = (): ReadableStream<number> =>
      new ReadableStream({
        start: (controller) => controller.enqueue(1),
        cancel: () => cancelled.open(),
      });
    using both = joined({ stream });
    for await (const n of both.api.stream()) {
      assert.equal(n, 1);
      break;
    }
    await cancelled.opened;
  });

  test("[leak] that nobody reads any more is ended when it is collected", async () => {
    const log: string[] = [];
    using both = joined({ count: () => count(10, log) });
    for (let n = 0; n < 50; n++) await both.api.count();
    await untilCollected(() => both.caller.passed.sequences === 0 && both.server.passed.sequences === 0);
    const first = async (): Promise<void> => {
      assert.equal((await (await both.api.count()).next()).value, 0);
    };
    await first();
    await untilCollected(() => log.at(-1) === "cleaned up");
  });

  test("of an iterator that is not asynchronous is one too, and an array is a value", async () => {
    function* three(): Generator<number> {
      yield* [1, 2, 3];
    }
    using both = joined({ three: () => three(), array: () => [1, 2, 3], set: () => new Set([1]) });
    const seen: number[] = [];
    for await (const n of both.api.three()) seen.push(n);
    assert.deepEqual(seen, await both.api.array());
    assert.deepEqual(await both.api.set(), new Set([1]));
  });
});

describe("a writable stream that is passed", watchdog, () => {
  const writing = {
    write: async (out: WritableStream<string>, lines: string[]) => {
      const writer = out.getWriter();
      for (const line of lines) await writer.write(line);
      await writer.close();
    },
    spoil: async (out: WritableStream<string>) => out.abort(new RangeError("spoilt")),
    leave: async (out: WritableStream<string>) => {
      await out.getWriter().write("begun");
    },
  };

  test("smoke: is written by the other side, and closed", async () => {
    using both = joined(writing);
    const seen: string[] = [];
    await both.api.write(
      new WritableStream({ write: (line) => void seen.push(line), close: () => void seen.push("closed") }),
      ["one", "two"],
    );
    assert.deepEqual(seen, ["one", "two", "closed"]);
  });

  test("is aborted by the other side, and by the end of the session", async () => {
    const reasons: Error[] = [];
    const sink = (): WritableStream<string> => new WritableStream({ abort: (reason) => void reasons.push(reason) });
    const both = joined(writing);
    await both.api.spoil(sink());
    assert.match(reasons[0].message, /RangeError: spoilt/);
    await both.api.leave(sink());
    both[Symbol.dispose]();
    await until(() => reasons.length === 2);
    assert.equal((reasons[1] as { code?: string }).code, "ERR_INTERPROC_CLOSED");
  });

  test("that fails, fails the write there", async () => {
    using both = joined(writing);
    const full = new WritableStream<string>({
      write: () => {
        throw new RangeError("full");
      },
    });
    await assert.rejects(both.api.write(full, ["one"]), { message: /RangeError: full/ });
  });
});
