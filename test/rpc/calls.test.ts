import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  AbandonedError,
  type Connection,
  expose,
  InterprocError,
  pipe,
  Queue,
  RemoteError,
  remote,
  SharedValue,
} from "interproc";
import { watchdog } from "../processes/running.js";
import { gate, joined } from "./joined.js";
import { promiseConnection } from "./promise-connection.js";

describe("a remote call", watchdog, () => {
  test("smoke: runs the method on the other side and gives what it returned", async () => {
    using both = joined({ add: (a: number, b: number) => a + b, later: async (text: string) => text.toUpperCase() });
    assert.equal(await both.api.add(1, 2), 3);
    assert.equal(await both.api.later("done"), "DONE");
  });

  test("reaches objects in the api by their path, with `this` being the object", async () => {
    const api = { inner: { deeper: { base: 10, plus: (n: number) => 10 + n } }, top: () => "top" };
    class Counter {
      private count = 0;
      add(by: number): number {
        this.count += by;
        return this.count;
      }
    }
    using both = joined({ ...api, counter: new Counter() });
    assert.equal(await both.api.inner.deeper.plus(5), 15);
    assert.deepEqual([await both.api.counter.add(2), await both.api.counter.add(3)], [2, 5]);
  });

  test("does not wait for the ones before it, and methods begin in the order of the calls", async () => {
    const begun: number[] = [];
    const gates = Array.from({ length: 50 }, gate);
    using both = joined({
      wait: async (n: number) => {
        begun.push(n);
        await gates[n].opened;
        return n;
      },
    });
    const ended: number[] = [];
    const calls = gates.map((_, n) => both.api.wait(n).then((value) => ended.push(value)));
    for (const one of gates.toReversed()) {
      one.open();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(calls);
    assert.deepEqual(begun, [...gates.keys()]);
    assert.notDeepEqual(ended, begun);
    assert.equal(both.caller.underWay, 0);
  });

  test("can go both ways over one connection at once, and call back while it is called", async () => {
    interface Left {
      half(n: number): Promise<number>;
    }
    interface Right {
      quarter(n: number): Promise<number>;
    }
    const [a, b] = pipe();
    const right = remote<Right>(a);
    const left = remote<Left>(b);
    expose(a, { half: (n: number) => n / 2 });
    expose(b, { quarter: async (n: number) => left.half(await left.half(n)) });
    assert.deepEqual(await Promise.all([right.quarter(8), left.half(6), right.quarter(16)]), [2, 3, 4]);
    a.close();
    b.close();
  });

  test("carries what a message carries: values as they were at the call, and shared objects as themselves", async () => {
    using queue = new Queue<string>({ capacity: 4096 });
    const [mine, theirs] = pipe<string>();
    using count = new SharedValue("i32", 0);
    using both = joined({
      put: (jobs: Queue<string>, line: string) => jobs.tryPut(line),
      through: (end: Connection<string>) => end.trySend("moved"),
      increase: (value: SharedValue<"i32">) => {
        value.add(1);
        return value;
      },
      back: (value: unknown) => value,
    });
    const list = [1, 2];
    const call = both.api.back(list);
    list.push(3);
    assert.deepEqual(await call, [1, 2]);
    const map = new Map<unknown, unknown>([
      [1n, new Date(0)],
      ["x", new Uint8Array([1, 2])],
    ]);
    assert.deepEqual(await both.api.back(map), map);
    assert.equal(await both.api.back(undefined), undefined);
    assert.equal(await both.api.put(queue, "line"), true);
    assert.equal(queue.tryGet(), "line");
    assert.equal(await both.api.through(theirs), true);
    assert.equal(await mine.recv(), "moved");
    using again = await both.api.increase(count);
    assert.deepEqual([count.value, again.value], [1, 1]);
    mine.close();
  });

  test("a thousand at a time over a pipe of 4 KiB all come to their end, with long messages among them", async () => {
    using both = joined({ length: 0, size: (text: string) => text.length }, { capacity: 4096 });
    const sizes = Array.from({ length: 3000 }, (_, n) => (n % 100 === 0 ? 20_000 + n : n % 50));
    const calls = sizes.map((size) => both.api.size("x".repeat(size)));
    assert.deepEqual(await Promise.all(calls), sizes);
  });

  test("beyond maxCalls waits for its turn", async () => {
    const running = { now: 0, most: 0 };
    const gates = Array.from({ length: 10 }, gate);
    using both = joined(
      {
        run: async (n: number) => {
          running.most = Math.max(running.most, ++running.now);
          await gates[n].opened;
          running.now--;
        },
      },
      { maxCalls: 3 },
    );
    const calls = gates.map((_, n) => both.api.run(n));
    for (const one of gates) one.open();
    await Promise.all(calls);
    assert.equal(running.most, 3);
  });

  test("that a callback makes does not wait for the call whose callback it is", async () => {
    using both = joined(
      { outer: async (ask: () => Promise<number>) => (await ask()) + 1, inner: () => 1 },
      { maxCalls: 2 },
    );
    const calls = Array.from({ length: 5 }, () => both.api.outer(() => both.api.inner()));
    assert.deepEqual(await Promise.all(calls), [2, 2, 2, 2, 2]);
  });

  test("goes over a connection that has promises and JSON only", async () => {
    const [near, far] = promiseConnection();
    expose(far, {
      add: (a: number, b: number) => a + b,
      each: async (list: number[], one: (n: number) => Promise<number>) => Promise.all(list.map(one)),
      *count(to: number) {
        for (let n = 0; n < to; n++) yield n;
      },
      nothing: () => undefined,
      wait: (signal: AbortSignal) => new Promise((_, reject) => signal.addEventListener("abort", reject)),
      fail: () => {
        throw new RangeError("no");
      },
    });
    interface Api {
      add(a: number, b: number): number;
      each(list: number[], one: (n: number) => number): number[];
      count(to: number): Generator<number>;
      nothing(): void;
      wait(signal: AbortSignal): void;
      fail(): void;
    }
    const api = remote<Api>(near);
    assert.deepEqual(await Promise.all([api.add(1, 2), api.add(3, 4), api.nothing()]), [3, 7, undefined]);
    assert.deepEqual(await api.each([1, 2], (n) => n * 2), [2, 4]);
    const seen: number[] = [];
    for await (const n of api.count(100)) seen.push(n);
    assert.equal(seen.length, 100);
    await assert.rejects(api.fail(), { remoteName: "RangeError" });
    const controller = new AbortController();
    const waiting = api.wait(controller.signal);
    controller.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    far.close();
    await assert.rejects(api.nothing(), AbandonedError);
  });

  test("beyond maxServed is refused with an error that may pass, and the others go on", async () => {
    const one = gate();
    using both = joined({ wait: () => one.opened }, { maxServed: 2 });
    const calls = [both.api.wait(), both.api.wait()];
    await assert.rejects(both.api.wait(), {
      code: "ERR_INTERPROC_REMOTE",
      retryable: true,
      message: /more than 2 calls at once.*maxServed/,
    });
    one.open();
    await Promise.all(calls);
    await both.api.wait();
  });
});

describe("a remote call that fails", watchdog, () => {
  test("smoke: rejects with what the method threw: name, message, code, causes and both stacks", async () => {
    class ShopError extends RangeError {
      override readonly name = "ShopError";
      readonly code = "SOLD_OUT";
    }
    using both = joined({
      buy(): never {
        throw new ShopError("no pears", { cause: new TypeError("the tree is bare") });
      },
      later: async (): Promise<never> => {
        throw "just text";
      },
    });
    const error = await both.api.buy().then(
      () => assert.fail("it resolved"),
      (thrown: unknown) => thrown as RemoteError,
    );
    assert.ok(error instanceof RemoteError && error instanceof InterprocError);
    assert.deepEqual(
      [error.message, error.remoteName, error.remoteCode, error.retryable],
      ["buy(): ShopError: no pears", "ShopError", "SOLD_OUT", false],
    );
    assert.match(error.remoteStack ?? "", /ShopError: no pears\n\s+at /);
    assert.match(error.stack ?? "", /in the other process/);
    assert.equal((error.cause as RemoteError).remoteName, "TypeError");
    await assert.rejects(both.api.later(), { remoteName: "string", message: "later(): string: just text" });
  });

  test("by an argument that cannot be sent is a CodecError here, and by a result an error that says so", async () => {
    using both = joined({ take: (value: unknown) => typeof value, give: () => new WeakMap(), ok: () => "ok" });
    await assert.rejects(both.api.take(Symbol("no")), { code: "ERR_INTERPROC_CODEC", message: /symbol \(no\)/ });
    await assert.rejects(both.api.take([{ deep: new WeakMap() }]), {
      code: "ERR_INTERPROC_CODEC",
      message: "take(): encode: a WeakMap cannot be sent, at arguments[0][0].deep",
    });
    await assert.rejects(both.api.give(), {
      remoteName: "CodecError",
      message: "give(): CodecError: the result cannot be sent: encode: a WeakMap cannot be sent, at value",
    });
    assert.equal(await both.api.ok(), "ok");
    assert.equal(both.caller.underWay, 0);
  });

  test("does not fail the others that were sent in the same moment", async () => {
    using both = joined({
      back: (value: unknown) => value,
      give: (what: string) => (what === "bad" ? Symbol() : what),
    });
    const settled = await Promise.allSettled([
      both.api.back(1),
      both.api.back(Symbol("no")),
      both.api.back(2),
      both.api.give("bad"),
      both.api.back(3),
    ]);
    assert.deepEqual(
      settled.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as InterprocError).code)),
      [1, "ERR_INTERPROC_CODEC", 2, "ERR_INTERPROC_REMOTE", 3],
    );
  });

  test("is abandoned when the other side closes, and closed when this one does; calls after that are the same", async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    for (const side of ["far", "near"] as const) {
      const [near, far] = pipe();
      const exposed = expose(far, { never });
      const api = remote<{ never(): Promise<void> }>(near);
      const calls = Array.from({ length: 20 }, () => api.never());
      if (side === "far") exposed.close();
      else near.close();
      const code = side === "far" ? "ERR_INTERPROC_ABANDONED" : "ERR_INTERPROC_CLOSED";
      for (const call of calls) await assert.rejects(call, { code, message: /^never\(\)/ });
      await assert.rejects(api.never(), { code });
      await exposed.closed;
      exposed.close();
      near.close();
    }
  });

  test("by its timeout is a TimeoutError, and the session goes on; the late answer is dropped", async () => {
    const one = gate();
    using both = joined({ wait: () => one.opened, ok: () => "ok" }, { timeout: 20 });
    await assert.rejects(both.api.wait(), { code: "ERR_INTERPROC_TIMEOUT", message: /wait\(\).*20 ms/ });
    one.open();
    assert.equal(await both.api.ok(), "ok");
    using unbounded = joined({ ok: () => "ok" }, { timeout: Number.POSITIVE_INFINITY });
    assert.equal(await unbounded.api.ok(), "ok");
  });

  test("by its timeout while it waits for its turn ends as well", async () => {
    using both = joined({ wait: () => new Promise<void>(() => undefined) }, { timeout: 20, maxCalls: 1 });
    const calls = [both.api.wait(), both.api.wait(), both.api.wait()];
    for (const call of calls) await assert.rejects(call, { code: "ERR_INTERPROC_TIMEOUT" });
  });
});

describe("the remote object", watchdog, () => {
  test("smoke: is no promise, and what JavaScript itself asks of objects is harmless", async () => {
    using both = joined({ add: (a: number, b: number) => a + b });
    const { api } = both;
    assert.equal(await api, api);
    assert.equal(await Promise.resolve(api), api);
    assert.equal(`${api} ${api.add}`, "[remote] [remote add]");
    assert.equal(JSON.stringify({ api, list: [api.add] }), '{"list":[null]}');
    assert.equal(typeof inspect(api), "string");
    assert.equal(typeof inspect(api.add, { showProxy: true }), "string");
    assert.deepEqual(Object.keys(api), []);
    assert.equal((api as unknown as Record<symbol, unknown>)[Symbol.iterator], undefined);
    assert.throws(() => Object.assign(api, { add: 1 }), TypeError);
    assert.throws(() => (api as unknown as () => void)(), { code: "ERR_INTERPROC_USAGE" });
    assert.equal(both.caller.underWay, 0);
    assert.equal(api.add, api.add);
  });

  test("closes the connection when it is disposed of", async () => {
    const [near, far] = pipe();
    const exposed = expose(far, { ok: () => "ok" });
    {
      using api = remote<{ ok(): string }>(near);
      assert.equal(await api.ok(), "ok");
    }
    await exposed.closed;
    assert.ok(near.closed && far.closed);
  });

  test("of what is no connection, and options out of range, are refused", () => {
    const usage = { code: "ERR_INTERPROC_USAGE" };
    const [near, far] = pipe();
    assert.throws(() => remote({} as Connection), usage);
    assert.throws(() => remote(near, { timeout: -1 }), usage);
    assert.throws(() => remote(near, { timeout: Number.NaN }), usage);
    assert.throws(() => remote(near, { maxCalls: 0 }), usage);
    assert.throws(() => expose(far, {}, { maxServed: 1.5 }), usage);
    assert.throws(() => expose(far, (() => 1) as unknown as object), usage);
    assert.throws(() => expose(far, null as unknown as object), usage);
    expose(far, {});
    assert.throws(() => expose(far, {}), { ...usage, message: /exposes something already/ });
    near.close();
    far.close();
  });

  test("of a connection that is closed already rejects at once", async () => {
    const [near, far] = pipe();
    far.close();
    await assert.rejects(remote<{ a(): void }>(near).a(), AbandonedError);
    near.close();
    await assert.rejects(remote<{ a(): void }>(near).a(), { code: "ERR_INTERPROC_ABANDONED" });
    const [one, other] = pipe();
    one.close();
    await assert.rejects(remote<{ a(): void }>(one).a(), { code: "ERR_INTERPROC_CLOSED" });
    other.close();
  });
});
