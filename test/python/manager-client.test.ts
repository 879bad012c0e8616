import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  AuthenticationError,
  CodecError,
  connectManager,
  type PythonManager,
  PythonProxy,
  RemoteError,
  TimeoutError,
} from "interproc";
import { watchdog } from "../processes/running.js";
import { kindOf } from "../transports/python-matrix.js";
import { PythonProgram } from "../transports/python-program.js";
import { type Python, pythons } from "../transports/pythons.js";

const found = pythons();
const newest = found.at(-1) as Python;
const none = found.length === 0 && "there is no Python on this machine";
const authkey = "secret";

interface Served extends AsyncDisposable {
  readonly program: PythonProgram;
  readonly url: string;
  readonly manager: PythonManager;
}

describe("a client of Python's managers", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-manager-client-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let sockets = 0;

  async function serve(python: Python, transport = "tcp"): Promise<Served> {
    const place = transport === "tcp" ? "tcp:127.0.0.1:0" : `unix:${join(folder, `socket-${sockets++}`)}`;
    const program = new PythonProgram(python.path, "manager_server", [
      place,
      "--authkey",
      authkey,
      "--until-stdin-ends",
    ]);
    const { address } = (await program.next()) as { address: string };
    const url = address.replace("tcp:", "tcp://");
    const manager = await connectManager(url, { authkey, md5: kindOf(python) === "legacy" });
    return {
      program,
      url,
      manager,
      [Symbol.asyncDispose]: async () => {
        await manager.close();
        await program.kill();
      },
    };
  }

  for (const python of found)
    test(`[case 69] dicts, lists, queues, namespaces, values, events and locks of Python ${python.version}`, async () => {
      for (const transport of ["tcp", "unix"]) {
        await using served = await serve(python, transport);
        const { manager } = served;

        const dict = await manager.dict<unknown, unknown>("shared_dict");
        assert.deepEqual(
          [await dict.get("text"), await dict.get(1), await dict.get("none")],
          ["grüße", 1.5, undefined],
        );
        await dict.set("list", [1, { two: 2.5 }]);
        await assert.rejects(dict.set("list", { deep: [() => 1] }), {
          code: "ERR_INTERPROC_CODEC",
          message:
            /^\S+\(\) of an object of the manager at .*: encode: a function cannot be sent, at arguments\[1\]\.deep\[0\]/,
        });
        await dict.assign([
          ["a", 1],
          [2, "b"],
        ]);
        assert.deepEqual(
          [await dict.get("list"), await dict.has(2), await dict.has(3)],
          [[1, { two: 2.5 }], true, false],
        );
        assert.deepEqual(
          [await dict.delete("a"), await dict.delete("a"), await dict.take(2), await dict.take(2)],
          [true, false, "b", undefined],
        );
        assert.deepEqual(
          [await dict.getOrInsert("n", 1), await dict.getOrInsert("n", 2), await dict.size()],
          [1, 1, 4],
        );
        assert.deepEqual([...(await dict.copy()).keys()], ["text", 1, "list", "n"]);
        assert.deepEqual(await dict.keys(), ["text", 1, "list", "n"]);
        assert.deepEqual((await dict.values()).length, 4);
        const iterated: unknown[] = [];
        for await (const key of dict.proxy) iterated.push(key);
        assert.deepEqual(iterated, ["text", 1, "list", "n"]);

        const list = await manager.list<unknown>("list", [3, 1, 2]);
        await list.push("four", null);
        await list.set(0, 2n ** 70n);
        await list.insert(1, "in between");
        assert.deepEqual(await list.slice(), [2n ** 70n, "in between", 1, 2, "four", null]);
        assert.deepEqual(
          [await list.get(-2), await list.get(10), await list.take(), await list.indexOf(2)],
          ["four", undefined, null, 3],
        );
        assert.deepEqual(
          [await list.indexOf("no"), await list.size(), await list.slice(1, 3)],
          [-1, 5, ["in between", 1]],
        );
        await assert.rejects(list.set(99, 0), { name: "RemoteError", remoteName: "IndexError" });

        const queue = await manager.queue<unknown>("Queue", 2);
        await queue.put({ job: 1 });
        await queue.put("second");
        assert.equal(await queue.tryPut("third"), false);
        await assert.rejects(queue.put("third", { timeout: 10 }), TimeoutError);
        assert.deepEqual(
          [await queue.size(), await queue.get(), await queue.tryGet(), await queue.tryGet()],
          [2, { job: 1 }, "second", undefined],
        );
        await assert.rejects(queue.get({ timeout: 0 }), TimeoutError);
        const waiting = queue.get();
        await queue.put("late"); // over another connection, while the first waits
        assert.equal(await waiting, "late");

        const space = await manager.namespace();
        await space.set("x", [1]);
        assert.deepEqual(
          [await space.get("x"), await space.get("y"), await space.delete("x"), await space.delete("x")],
          [[1], undefined, true, false],
        );
        const value = await manager.value("i", 7);
        await value.set((await value.get()) + 1);
        assert.equal(await value.get(), 8);

        const event = await manager.event();
        const set = event.wait();
        assert.equal(await event.isSet(), false);
        await event.set();
        await set;
        await event.clear();
        await assert.rejects(event.wait({ timeout: 5 }), TimeoutError);
        const lock = await manager.lock();
        await lock.withLock(async () => assert.equal(await lock.tryAcquire(), false));
        assert.equal(await lock.tryAcquire(), true);
        await assert.rejects(lock.acquire({ timeout: 5 }), TimeoutError);
        await lock.release();
        await assert.rejects(lock.release(), { name: "RemoteError" });
      }
    });

  for (const python of found)
    test(`[case 70] a class of Python ${python.version}: arguments by name, its exceptions, what it does not expose`, async () => {
      await using served = await serve(python);
      const { manager } = served;
      const account = await manager.create("Account", "Ada");
      assert.deepEqual(account.exposed?.toSorted(), ["deposit", "describe"]);
      assert.equal(await account.call("deposit", 5), 5);
      assert.equal(await account.callWith("describe", [], { keywords: { mark: "?" } }), "hello, Ada has 5?");
      assert.equal(await account.callWith("describe", ["hi"]), "hi, Ada has 5!");
      await assert.rejects(account.call("deposit", -1), (error: RemoteError) => {
        assert.ok(error instanceof RemoteError);
        assert.equal(error.remoteName, "ValueError");
        assert.match(error.message, /deposit\(\) of an object .*ValueError: a deposit of -1/);
        assert.equal((error.cause as Error).name, "ValueError");
        return true;
      });
      await assert.rejects(account.call("_secret"), (error: RemoteError) => {
        assert.deepEqual([error.name, error.remoteName], ["RemoteError", "AttributeError"]);
        assert.match(error.remoteStack ?? "", /^-*\n?Traceback|Traceback \(most recent call last\)/);
        return true;
      });
      await assert.rejects(account.call("deposit"), { remoteName: "TypeError" });
      await assert.rejects(
        account.call("deposit", () => 1),
        CodecError,
      );
      await assert.rejects(manager.create("Nothing"), { name: "RemoteError", remoteName: "KeyError" });
      assert.match(await account.str(), /Account object at/);
      const named = await manager.createWith("Account", [], { keywords: { owner: "Grace" } });
      assert.equal(await named.call("describe"), "hello, Grace has 0!");
      assert.deepEqual(await (await manager.create("shared_list")).value(), [1, "two", null]);
    });

  for (const python of found)
    test(`[case 73] references: an object of Python ${python.version} lives as long as somebody has one`, async () => {
      await using served = await serve(python);
      const { manager, url } = served;
      const before = await manager.numberOfObjects();
      const list = await manager.list();
      await list.push(1);
      assert.equal(await manager.numberOfObjects(), before + 1);
      const dict = await manager.dict<string, unknown>();
      await dict.set("inner", list.proxy);
      await list.close();
      const inner = (await dict.get("inner")) as PythonProxy;
      assert.ok(inner instanceof PythonProxy);
      await inner.call("append", 2);
      assert.deepEqual(await inner.value(), [1, 2]);
      await assert.rejects(list.push(3), { name: "ClosedError" });
      await inner.close();
      await dict.close();
      assert.equal(await manager.numberOfObjects(), before + (await leftBy(manager, before)));

      const other = await connectManager(url, { authkey, md5: kindOf(python) === "legacy" });
      await other.list();
      await other.queue();
      const during = await manager.numberOfObjects();
      await other.close();
      await other.close();
      assert.equal(await manager.numberOfObjects(), during - 2);
      await assert.rejects(other.list(), { name: "ClosedError" });
    });

  /** Python keeps an object that was put into another one by its proxy until the manager ends. */
  async function leftBy(manager: PythonManager, before: number): Promise<number> {
    const left = (await manager.numberOfObjects()) - before;
    assert.ok(left <= 1, `${left} objects`);
    return left;
  }

  test("an RLock is held by a thread: calls over one connection of a proxy are served by one", async (context) => {
    if (none) return context.skip(none);
    await using served = await serve(newest);
    const lock = await served.manager.create("RLock");
    await using mine = await lock.onOneThread();
    assert.equal(await mine.call("acquire"), true);
    assert.equal(await mine.call("acquire"), true);
    assert.equal(await lock.call("acquire", false), false);
    await Promise.all([mine.call("release"), mine.call("release")]);
    assert.equal(await lock.call("acquire", false), true);
  });

  test("20 calls that wait in the manager hold up no other", async (context) => {
    if (none) return context.skip(none);
    await using served = await serve(newest);
    const queue = await served.manager.queue<number>();
    const waiting = Array.from({ length: 20 }, () => queue.get());
    for (let item = 0; item < waiting.length; item++) await queue.put(item);
    const got = await Promise.all(waiting);
    assert.deepEqual(
      got.sort((a, b) => a - b),
      waiting.map((_, index) => index),
    );
  });

  test("a get that was given up by its signal takes no item away", async (context) => {
    if (none) return context.skip(none);
    await using served = await serve(newest);
    const queue = await served.manager.queue<number>();
    const ends = new AbortController();
    const waiting = queue.get({ signal: ends.signal });
    assert.equal(await queue.size(), 0);
    ends.abort(new Error("enough"));
    const outcome = await waiting.catch((error: Error) => error.message);
    assert.equal(outcome, "enough");
    await queue.put(1);
    assert.equal(await queue.get(), 1);
  });

  test("who is not let in: another key, none, or a Python 3.11 without md5", async (context) => {
    if (none) return context.skip(none);
    for (const python of [found[0], newest]) {
      await using served = await serve(python);
      const { url } = served;
      const md5 = kindOf(python) === "legacy";
      await assert.rejects(connectManager(url, { authkey: "other", md5 }), AuthenticationError);
      await assert.rejects(connectManager(url, {}), AuthenticationError);
      if (md5) await assert.rejects(connectManager(url, { authkey }), { message: /md5: true/ });
      await assert.rejects(connectManager("ws://127.0.0.1:1", { authkey }), { name: "UsageError" });
    }
    await assert.rejects(connectManager("tcp://127.0.0.1:1", { authkey }), { name: "SystemError" });
  });
});
