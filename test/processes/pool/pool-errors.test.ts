import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pool, RemoteError, SharedValue } from "interproc";
import { unreachable } from "../../programs/pool-broken-module.js";
import { give, OnlyHere, receive } from "../../programs/pool-classes.js";
import { makeLate } from "../../programs/pool-late-task.js";
import { failAs, failByThrees, failForThrees, functionForOdd } from "../../programs/pool-trouble.js";
import { add, same, triple } from "../../programs/pool-work.js";
import { watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

const caught = (promise: Promise<unknown>): Promise<RemoteError> =>
  promise.then(
    () => assert.fail("nothing was thrown"),
    (error: RemoteError) => error,
  );

for (const worker of workerKinds)
  describe(`what fails in a pool (${worker})`, watchdog, () => {
    test("smoke: [case 75] is a RemoteError with name, message, code, cause and the remote stack", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const error = await caught(pool.run(failAs, "error"));
      assert.ok(error instanceof RemoteError);
      assert.deepEqual([error.remoteName, error.remoteCode], ["RangeError", "E_FAR"]);
      assert.match(error.message, /RangeError: too far/);
      assert.match(error.remoteStack ?? "", /pool-trouble/);
      const { cause } = error;
      assert.ok(cause instanceof RemoteError);
      assert.match(cause.message, /TypeError: deeper/);
    });

    for (const [kind, name, message] of [
      ["circular", "Boundless", /round and round/],
      ["silent", "Error", /says nothing/],
      ["function", "function", /odd/],
      ["nothing", "undefined", /undefined/],
      ["revoked", "", /./],
    ] as const)
      test(`[case 77] arrives whatever was thrown (${kind}), and the pool goes on with the same worker`, async () => {
        await using pool = new Pool({ processes: 1, worker });
        await pool.warm();
        const { pids } = pool;
        const error = await caught(pool.run(failAs, kind));
        assert.ok(error instanceof RemoteError, String(error));
        if (name) assert.equal(error.remoteName, name);
        assert.match(error.message, message);
        const error2 = await caught(pool.map(failAs, [kind]));
        assert.ok(error2 instanceof RemoteError);
        assert.equal(await pool.run(triple, 1), 3);
        assert.deepEqual(pool.pids, pids);
      });

    for (const chunkSize of [1, 4, undefined])
      test(`[case 75] map makes all calls and then rejects with the first item's error, chunks of ${chunkSize ?? "any size"}`, async () => {
        await using pool = new Pool({ processes: 2, worker });
        using calls = new SharedValue("i32", 0);
        const items = Array.from({ length: 40 }, (_, n) => [n + 1, calls] as [number, SharedValue<"i32">]);
        const failed: number[] = [];
        const options = {
          ...(chunkSize && { chunkSize }),
          onProgress: (progress: { failed: number }) => failed.push(progress.failed),
        };
        const error = await caught(pool.starmap(failByThrees, items, options));
        assert.match(error.message, /RangeError: no 3$/);
        assert.equal(calls.value, 40);
        assert.equal(failed.at(-1), 13);
      });

    test("with failFast the first error ends it, and what had not begun never does", async () => {
      await using pool = new Pool({ processes: 1, worker });
      using calls = new SharedValue("i32", 0);
      function* items(): Generator<[number, SharedValue<"i32">]> {
        for (let n = 0; n < 100_000; n++) yield [n, calls];
      }
      const error = await caught(pool.starmap(failByThrees, items(), { failFast: true, chunkSize: 1 }));
      assert.match(error.message, /no 0$/);
      await pool.run(triple, 1);
      assert.ok(calls.value < 1000, `${calls.value} calls`);
    });

    test("[case 76] in the input is raised in its place, with the results before it", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const reason = new Error("no more input");
      function* broken(): Generator<number> {
        yield 1;
        yield 2;
        throw reason;
      }
      async function* brokenLater(): AsyncGenerator<number> {
        yield* broken();
      }
      for (const input of [broken, brokenLater]) {
        await assert.rejects(pool.map(triple, input()), reason);
        const unordered = pool.imapUnordered(triple, input());
        const outcomes = await Promise.allSettled([unordered.next(), unordered.next(), unordered.next()]);
        const values = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value.value as number] : []));
        assert.deepEqual(
          values.sort((a, b) => a - b),
          [3, 6],
        );
        assert.equal((await unordered.next()).done, true);
        const ordered = pool.imap(triple, input());
        assert.deepEqual([(await ordered.next()).value, (await ordered.next()).value], [3, 6]);
        await assert.rejects(ordered.next(), reason);
        assert.equal((await ordered.next()).done, true);
      }
      assert.equal(await pool.run(triple, 1), 3);
    });

    test("an error of the input fails the call even when some calls failed later, and closes an input that it refuses", async () => {
      await using pool = new Pool({ processes: 1, worker });
      let isClosed = false;
      function* notLists(): Generator<never> {
        try {
          yield [1, 2] as never;
          yield 3 as never;
        } finally {
          isClosed = true;
        }
      }
      const error = await caught(pool.starmap(add, notLists()));
      assert.match(error.message, /starmap\(\): item 1 is number; allowed: an array/);
      assert.equal(error.code, "ERR_INTERPROC_USAGE");
      assert.ok(isClosed);
    });

    test("[case 77] an argument that cannot be encoded fails its own call only, in a chunk as well", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const unsendable = (): void => undefined;
      await assert.rejects(pool.run(same, unsendable), { code: "ERR_INTERPROC_CODEC" });
      const items = [1, 2, unsendable, 4, 5];
      for (const chunkSize of [1, 3, 5]) {
        const outcomes: unknown[] = [];
        const results = pool.imap(same, items, { chunkSize });
        for (let index = 0; index < items.length; index++)
          outcomes.push(
            await results.next().then(
              ({ value }) => value,
              (error) => error.code,
            ),
          );
        assert.deepEqual(outcomes, [1, 2, "ERR_INTERPROC_CODEC", 4, 5], `chunks of ${chunkSize}`);
        await assert.rejects(pool.map(same, items, { chunkSize }), { code: "ERR_INTERPROC_CODEC" });
      }
      const large = { bytes: new Uint8Array(2 ** 20), unsendable };
      await assert.rejects(pool.run(same, large), { code: "ERR_INTERPROC_CODEC" });
      assert.equal(await pool.run(triple, 1), 3);
    });

    test("what cannot be encoded is said by the place where the caller put it", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const bad = { why: [() => 1] };
      const at = (place: string) => ({
        code: "ERR_INTERPROC_CODEC",
        message: `pool: a call of task "same": encode: a function cannot be sent, at ${place}`,
      });
      await assert.rejects(pool.run(same, bad), at("arguments[0].why[0]"));
      await assert.rejects(pool.map(same, [1, 2, bad, 4]), at("items[2].why[0]"));
      await assert.rejects(pool.starmap(same, [[1], [bad]]), at("items[1][0].why[0]"));
      assert.match((await caught(pool.run(functionForOdd, 1))).message, /cannot be sent, at value$/);
    });

    test("[case 77] a result that cannot be encoded fails its own call only, in a chunk as well", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const error = await caught(pool.run(functionForOdd, 1));
      assert.ok(error instanceof RemoteError);
      assert.match(error.message, /the task's result cannot be sent/);
      const outcomes: unknown[] = [];
      const results = pool.imap(functionForOdd, [0, 1, 2, 3, 4], { chunkSize: 5 });
      for (let index = 0; index < 5; index++)
        outcomes.push(
          await results.next().then(
            ({ value }) => value,
            (failure: Error) => /result cannot be sent/.test(failure.message),
          ),
        );
      assert.deepEqual(outcomes, [0, true, 2, true, 4]);
    });

    test("[case 77] what only one side can decode is a CodecError, and the pool goes on", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const there = await caught(pool.run(receive, new OnlyHere()));
      assert.ok(there instanceof RemoteError);
      assert.match(there.message, /arguments cannot be decoded in the worker.*only here/);
      assert.deepEqual(await pool.map(receive, ["a", 1, {}], { chunkSize: 1 }), ["string", "number", "object"]);
      await assert.rejects(pool.map(receive, ["a", new OnlyHere(), {}], { chunkSize: 1 }), RemoteError);
      const here = await caught(pool.run(give));
      assert.equal(here.code, "ERR_INTERPROC_CODEC");
      assert.match(here.message, /result of task "give" cannot be decoded here/);
      const outcomes = await Promise.allSettled([pool.run(triple, 1), pool.run(give), pool.run(triple, 2)]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
    });

    test("[case 82] a task that its module does not register, or whose module breaks, is a RemoteError with advice", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const error = await caught(pool.run(makeLate()));
      assert.match(
        error.message,
        /registers no task "late".*task\(import\.meta, …\) must run when the module is imported/,
      );
      const broken = await caught(pool.run(unreachable));
      assert.equal(broken.remoteName, "RangeError");
      assert.match(broken.message, /importing task "unreachable".*this module breaks in workers/);
      assert.equal(await pool.run(triple, 1), 3);
      await caught(pool.map(unreachable as never, [1, 2]));
    });

    test("of one task that cannot be imported leaves those of others alone", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const calls = [pool.run(triple, 1), pool.run(unreachable), pool.map(triple, [1, 2]), pool.run(unreachable)];
      assert.deepEqual(
        (await Promise.allSettled(calls)).map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled", "rejected"],
      );
    });

    test("wrong use is a UsageError that says what is allowed", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const usage = { code: "ERR_INTERPROC_USAGE" };
      await assert.rejects(pool.run((() => 1) as never), usage);
      await assert.rejects(pool.map(triple, 5 as never), /map\(\): the items are number; allowed: an iterable/);
      await assert.rejects(pool.map(triple, [1], { chunkSize: 0 }), /chunkSize is 0; allowed: 1 to/);
      await assert.rejects(pool.map(triple, [1], { retries: -1 }), /retries is -1; allowed: 0 or more/);
      await assert.rejects(pool.map(triple, [1], { timeout: Number.NaN }), /timeout is NaN/);
      assert.throws(() => pool.imap(triple, [1], { window: 0 }), /window is 0/);
      assert.throws(() => pool.imap(triple, [1], { window: 2, chunkSize: 3 }), /window is 2; allowed: at least/);
      assert.throws(() => new Pool({ processes: 0 }), /processes is 0; allowed: 1 to 1024/);
      assert.throws(() => new Pool({ maxTasksPerChild: 0 }), /maxTasksPerChild is 0/);
      assert.throws(() => new Pool({ worker: "fiber" as never }), /worker is "fiber"; allowed: "process" or "thread"/);
      assert.throws(() => new Pool({ initArgs: [1] }), usage);
      assert.throws(() => new Pool({ initializer: (() => 1) as never }), usage);
      assert.throws(() => new Pool({ idleTimeout: -1 }), /idleTimeout is -1/);
      assert.throws(() => new Pool({ processes: "2" as never }), /processes is "2"; allowed: 1 to 1024/);
      assert.throws(() => new Pool(null as never), /the options are null; allowed: an object, or none/);
      assert.throws(
        () => new Pool({ execArgv: "--import tsx" as never }),
        /execArgv is "--import tsx"; allowed: an array/,
      );
      assert.throws(() => new Pool({ cwd: "/no/such/folder" }), { code: "ERR_INTERPROC_NOT_FOUND" });
    });

    test("a call that fails under others does not touch them", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const results = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => pool.run(failForThrees, n)));
      assert.deepEqual(
        results.map(({ status }) => status),
        results.map((_, n) => (n % 3 === 0 ? "rejected" : "fulfilled")),
      );
    });
  });
