import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  ClosedError,
  type ElementKind,
  pipe,
  SharedArray,
  SharedValue,
  share,
  spawn,
  TimeoutError,
  UsageError,
} from "interproc";
import { addMany } from "../../programs/add-many.js";
import { awaitValue } from "../../programs/await-value.js";
import { exchangeLimits } from "../../programs/exchange-limits.js";
import { ChildProgram, programFile } from "../child-program.js";
import { eventually, untilTimerFires, waitingBits } from "../locks/inside.js";

const timeout = 60_000;

/** Lowest and highest value of each kind. */
const limits = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32_768, 32_767],
  u16: [0, 65_535],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  f32: [-3.4028234663852886e38, 3.4028234663852886e38],
  f64: [-Number.MAX_VALUE, Number.MIN_VALUE],
  bool: [false, true],
} as const satisfies Record<ElementKind, readonly [unknown, unknown]>;
const kinds = Object.keys(limits) as ElementKind[];
const integers = ["i8", "u8", "i16", "u16", "i32", "u32"] as const;

describe("SharedValue", { timeout }, () => {
  test("smoke: a value is read, written and added to, and each operation gives the old value", () => {
    using value = new SharedValue("i32", 40);
    assert.equal(value.add(2), 40);
    assert.equal(value.sub(1), 42);
    assert.equal(value.exchange(7), 41);
    assert.equal(value.compareExchange(7, 8), 7);
    assert.equal(value.compareExchange(7, 9), 8);
    assert.equal(value.value, 8);
    value.value = -1;
    assert.equal(value.value, -1);
    assert.deepEqual([value.kind, value.name, value.closed], ["i32", "", false]);
  });

  test("[case 60] every kind round-trips its limits through another process", async () => {
    for (const end of [0, 1] as const) {
      const values = kinds.map((kind) => new SharedValue(kind, limits[kind][end] as never));
      const leave = kinds.map((kind) => limits[kind][1 - end]);
      const found = await spawn(exchangeLimits, [values, leave]).result();
      assert.deepEqual(
        found,
        kinds.map((kind) => [kind, limits[kind][end]]),
      );
      assert.deepEqual(
        values.map(({ value }) => value),
        leave,
      );
      for (const value of values) value.close();
    }
  });

  test("[case 60] a value that is given no first value is 0 or false", () => {
    for (const kind of kinds) {
      using value = new SharedValue(kind);
      assert.equal(Number(value.value), 0);
      assert.equal(typeof value.value, typeof limits[kind][0]);
    }
  });

  test("[case 62] a kind that there is not is a UsageError that names those there are", () => {
    for (const kind of ["int", "I32", "", "__proto__", 4, null])
      for (const make of [() => new SharedValue(kind as "i32", 0), () => new SharedArray(kind as "i32", 1)])
        assert.throws(make, {
          code: "ERR_INTERPROC_USAGE",
          message: /the kind is .*; allowed: i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 bool/,
        });
  });

  test("integers wrap and lose their fraction as in a typed array", () => {
    const odd = [300, -1, 2 ** 31, 2 ** 32 + 3, 1.9, -1.9, Number.NaN, Number.POSITIVE_INFINITY];
    const views = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array];
    for (const [index, kind] of integers.entries())
      for (const number of odd) {
        const [wanted] = new views[index]([number]);
        using value = new SharedValue(kind, number);
        assert.equal(value.value, wanted, `${kind} of ${number}`);
        value.value = 0;
        assert.equal(value.add(number), 0);
        assert.equal(value.value, wanted, `${kind} 0 + ${number}`);
        assert.equal(value.exchange(number), wanted);
        assert.equal(
          value.update(() => number),
          wanted,
        );
      }
    using wide = new SharedValue("i64", 2n ** 63n);
    assert.equal(wide.value, -(2n ** 63n));
    assert.equal(wide.sub(1n), -(2n ** 63n));
    assert.equal(wide.value, 2n ** 63n - 1n);
  });

  test("floats add, round as their kind does, and are compared as numbers", () => {
    using single = new SharedValue("f32", 0.1);
    assert.equal(single.value, Math.fround(0.1));
    assert.equal(single.compareExchange(0.1, 0.5), Math.fround(0.1));
    assert.equal(single.add(0.25), 0.5);
    assert.equal(single.sub(1), 0.75);
    assert.equal(single.exchange(2), -0.25);
    for (const kind of ["f32", "f64"] as const) {
      using value = new SharedValue(kind, Number.NaN);
      assert.ok(Number.isNaN(value.compareExchange(Number.NaN, -0)));
      assert.ok(Object.is(value.value, -0));
      assert.ok(Object.is(value.compareExchange(0, 3), -0));
      assert.equal(value.compareExchange(4, 5), 3);
      assert.equal(
        value.update((old) => old / 2),
        1.5,
      );
      value.value = Number.NaN;
      assert.ok(Number.isNaN(value.add(1)));
      assert.ok(Number.isNaN(value.update(() => Number.NaN)));
      assert.equal(
        value.update(() => 1),
        1,
      );
    }
  });

  test("a bool is exchanged, compared and updated, but not added to", () => {
    using flag = new SharedValue("bool", false);
    assert.equal(flag.exchange(true), false);
    assert.equal(flag.compareExchange(false, false), true);
    assert.equal(flag.compareExchange(true, false), true);
    assert.equal(
      flag.update((old) => !old),
      true,
    );
    // @ts-expect-error nothing can be added to a bool
    assert.throws(() => flag.add(1), { code: "ERR_INTERPROC_USAGE", message: /add\(\) of a bool/ });
    // @ts-expect-error nor subtracted
    assert.throws(() => flag.sub(true), UsageError);
  });

  test("a value of another type is a UsageError that shows it and what is allowed, and changes nothing", () => {
    using number = new SharedValue("i32", 5);
    using float = new SharedValue("f64", 5);
    using wide = new SharedValue("u64", 5n);
    using flag = new SharedValue("bool", true);
    const refused = (value: SharedValue, wrong: unknown, allowed: string): void => {
      const before = value.value;
      const use = value as unknown as SharedValue<"i32">;
      const bad = wrong as number;
      for (const work of [
        () => Reflect.set(use, "value", bad),
        () => use.add(bad),
        () => use.sub(bad),
        () => use.exchange(bad),
        () => use.compareExchange(bad, 1),
        () => use.compareExchange(before as number, bad),
        () => use.update(() => bad),
      ])
        assert.throws(work, (error: Error) => {
          assert.ok(error instanceof UsageError);
          if (!/bool/.test(error.message)) assert.match(error.message, new RegExp(`allowed: ${allowed}$`));
          return true;
        });
      assert.equal(value.value, before);
    };
    for (const wrong of ["1", undefined, null, {}, true, 1n]) refused(number, wrong, "a number");
    for (const wrong of ["1", undefined, 1n]) refused(float, wrong, "a number");
    for (const wrong of ["1", 1, undefined]) refused(wide, wrong, "a bigint");
    for (const wrong of ["true", 1, undefined]) refused(flag, wrong, "a boolean");
    assert.throws(() => (number.value = "x" as never), {
      message: 'SharedValue("i32"): value is "x"; allowed: a number',
    });
    assert.throws(() => new SharedValue("i64", 1 as never), {
      message: 'SharedValue("i64"): value is the number 1; allowed: a bigint',
    });
  });

  test("update runs its function again when another was faster", () => {
    for (const kind of ["i32", "f64"] as const) {
      using value = new SharedValue(kind, 1);
      let runs = 0;
      const stored = value.update((old) => {
        if (runs++ === 0) value.add(10);
        return old * 2;
      });
      assert.deepEqual([stored, runs], [22, 2]);
    }
  });

  test("four processes that add at once lose nothing: integers, bigints, floats, elements of an array", async () => {
    const rounds = 20_000;
    using i = new SharedValue("i32", 0);
    using b = new SharedValue("i64", 0n);
    using f = new SharedValue("f64", 0);
    using a = new SharedArray("u16", 3);
    const children = Array.from({ length: 4 }, () => spawn(addMany, [i, b, f, a, rounds]));
    await Promise.all(children.map((child) => child.result()));
    assert.deepEqual([i.value, b.value, f.value], [4 * rounds, BigInt(4 * rounds), 4 * rounds]);
    assert.equal(
      [...a].reduce((sum, one) => sum + one),
      4 * rounds,
    );
  });

  test("waiters in other processes, awaiting and blocking, are woken and see what satisfied them", async () => {
    using value = new SharedValue("i32", 0);
    using here = new SharedValue("i32", 0);
    const children = [false, true, false].map((sync) => spawn(awaitValue, [value, here, 5, sync]));
    await here.waitUntil((count) => count === 3);
    await eventually(() => waitingBits(value).length === 3);
    value.add(1);
    value.value = 5;
    assert.deepEqual(await Promise.all(children.map((child) => child.result())), [5, 5, 5]);
    assert.deepEqual(waitingBits(value), []);
  });

  test("every operation that writes wakes", async () => {
    using value = new SharedValue("f64", 0);
    const writes = [
      () => Reflect.set(value, "value", 1),
      () => void value.add(1),
      () => void value.sub(-1),
      () => void value.exchange(4),
      () => void value.compareExchange(4, 5),
      () => void value.update((old) => old + 1),
    ];
    for (const [index, write] of writes.entries()) {
      const waiting = value.waitUntil((seen) => seen === index + 1);
      await eventually(() => waitingBits(value).length === 1);
      write();
      assert.equal(await waiting, index + 1);
    }
  });

  test("waitUntil ends by its timeout, its signal and close(), and leaves nothing behind", async () => {
    const value = new SharedValue("i32", 0);
    const never = (): boolean => false;
    await assert.rejects(value.waitUntil(never, { timeout: 5 }), TimeoutError);
    await assert.rejects(value.waitUntil(never, { timeout: 0 }), TimeoutError);
    await assert.rejects(value.waitUntil(never, { signal: AbortSignal.abort(new RangeError("no")) }), RangeError);
    const controller = new AbortController();
    const aborted = value.waitUntil(never, { signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await assert.rejects(aborted, RangeError);
    assert.deepEqual(waitingBits(value), []);
    assert.throws(() => value.waitUntilSync(never, { timeout: 5 }), TimeoutError);
    assert.deepEqual(waitingBits(value), []);
    const closed = [value.waitUntil(never), value.waitUntil(never, { timeout: 60_000 })];
    value.close();
    for (const one of closed) await assert.rejects(one, ClosedError);
  });

  test("what the predicate throws reaches the caller, and the other waits go on", async () => {
    using value = new SharedValue("i32", 0);
    const good = value.waitUntil((seen) => seen === 1);
    const bad = value.waitUntil((seen) => {
      if (seen === 1) throw new RangeError("mine");
      return false;
    });
    value.value = 1;
    await assert.rejects(bad, RangeError);
    assert.equal(await good, 1);
    assert.throws(() => value.waitUntilSync(() => assert.fail("mine"), { timeout: 1 }), /mine/);
    assert.throws(() => value.waitUntilSync("x" as never), UsageError);
    await assert.rejects(value.waitUntil(undefined as never), UsageError);
    await assert.rejects(
      value.waitUntil(() => false, { timeout: Number.NaN }),
      UsageError,
    );
  });

  test("a wait that is always ready lets timers run", async () => {
    using value = new SharedValue("i32", 1);
    await untilTimerFires(async () => void (await value.waitUntil((seen) => seen === 1)));
  });

  test("a blocking wait for ever that nobody else could end is a UsageError; with a timeout it waits", () => {
    using value = new SharedValue("i32", 0);
    assert.throws(() => value.waitUntilSync((seen) => seen === 1), { code: "ERR_INTERPROC_USAGE", message: /nobody/ });
    assert.equal(
      value.waitUntilSync((seen) => seen === 0),
      0,
    );
    assert.throws(() => value.waitUntilSync((seen) => seen === 1, { timeout: 1 }), TimeoutError);
  });

  test("an idle value lets its process end, a pending wait keeps it, and after unref() does not", async () => {
    using value = SharedValue.create("idle", "i32", 0);
    const idle = ChildProgram.node("idle-value", "idle", "idle");
    assert.deepEqual([await idle.line(), await idle.exit], ["idle", 0]);
    const unref = ChildProgram.node("idle-value", "idle", "unref");
    assert.deepEqual([await unref.line(), await unref.exit], ["unref", 0]);
    const wait = ChildProgram.node("idle-value", "idle", "wait");
    assert.equal(await wait.line(), "wait");
    await eventually(() => waitingBits(value).length === 1);
    value.value = 1;
    assert.deepEqual([await wait.line(), await wait.exit], ["saw 1", 0]);
  });

  test("a killed waiter's bit is cleared by who writes next", async () => {
    using value = SharedValue.create("waited", "i32", 7);
    const waiter = ChildProgram.node("hold-object", "open", "value", "waited", "wait");
    assert.equal(await waiter.line(), "held waited");
    await eventually(() => waitingBits(value).length === 1);
    await waiter.kill();
    value.add(1);
    assert.deepEqual(waitingBits(value), []);
    const [mine, alone] = [value.waitUntil((seen) => seen === 0), waitingBits(value)];
    value.value = 0;
    assert.deepEqual([await mine, alone.length <= 1], [0, true]);
  });

  test("a value goes along inside a message, to a Worker by share(), and stays with its sender", async () => {
    using value = new SharedValue("i32", 1);
    const [left, right] = pipe<{ list: SharedValue<"i32">[] }>();
    await left.send({ list: [value] });
    using received = (await right.recv()).list[0];
    assert.equal(received.add(1), 1);
    left.close();
    right.close();
    const worker = new Worker(programFile("take-in-worker"), { workerData: share(value) });
    await value.waitUntil((seen) => seen === 4);
    await new Promise((resolve) => worker.once("exit", resolve));
    assert.equal(received.value, 4);
  });

  test("a message that does not go leaves the value as it was", async () => {
    const value = new SharedValue("i32", 1);
    const [left, right] = pipe<unknown>();
    right.close();
    await assert.rejects(left.send(value));
    assert.throws(() => left.sendSync([value, () => undefined]));
    left.close();
    assert.equal(value.add(1), 1);
    value.close();
    assert.throws(() => share(value), { code: "ERR_INTERPROC_USAGE", message: /closed/ });
  });

  test("closed, every use but close() is a ClosedError", async () => {
    const value = SharedValue.create("closing", "i32", 1);
    value.close();
    value.close();
    value[Symbol.dispose]();
    assert.equal(value.closed, true);
    for (const use of [
      () => value.value,
      () => Reflect.set(value, "value", 1),
      () => value.add(1),
      () => value.sub(1),
      () => value.exchange(1),
      () => value.compareExchange(1, 2),
      () => value.update((old) => old),
      () => value.waitUntilSync(() => true),
    ])
      assert.throws(use, { code: "ERR_INTERPROC_CLOSED", message: /SharedValue\("i32"\) "closing": used after close/ });
    await assert.rejects(
      value.waitUntil(() => true),
      ClosedError,
    );
    assert.equal(value.name, "closing");
  });
});
