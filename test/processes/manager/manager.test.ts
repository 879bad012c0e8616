import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  type Managed,
  type ManagedCounter,
  type ManagedDict,
  Manager,
  Pool,
  pipe,
  Queue,
  type RemoteError,
  spawn,
} from "interproc";
import {
  Account,
  counting,
  countUp,
  deposit,
  failing,
  getting,
  keeping,
  noObject,
  openAccount,
  putting,
  storing,
} from "../../programs/managing.js";
import { until, watchdog } from "../running.js";

const abandoned = { code: "ERR_INTERPROC_ABANDONED" };

describe("[case 69] managed objects behave like local ones", watchdog, () => {
  test("smoke: a dict", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<string | number, unknown>([["a", 1]]);
    await dict.set("b", { deep: [1, 2] });
    assert.deepEqual(await dict.get("b"), { deep: [1, 2] });
    assert.equal(await dict.get("missing"), undefined);
    assert.deepEqual([await dict.has("a"), await dict.delete("a"), await dict.delete("a")], [true, true, false]);
    assert.equal(await dict.getOrInsert("c", 3), 3);
    assert.equal(await dict.getOrInsert("c", 4), 3);
    assert.deepEqual([await dict.compareAndSet("c", 9, 5), await dict.compareAndSet("c", 3, 5)], [false, true]);
    assert.equal(await dict.compareAndSet("new", undefined, { x: 1 }), true);
    assert.equal(await dict.compareAndSet("new", { x: 1 }, { x: 2 }), true);
    assert.equal(await dict.take("c"), 5);
    await dict.assign([
      [1, "one"],
      [2, "two"],
    ]);
    assert.deepEqual(
      await dict.copy(),
      new Map<unknown, unknown>([
        ["b", { deep: [1, 2] }],
        ["new", { x: 2 }],
        [1, "one"],
        [2, "two"],
      ]),
    );
    const keys: unknown[] = [];
    for await (const key of dict.keys()) keys.push(key);
    const values: unknown[] = [];
    for await (const [, value] of dict.entries()) values.push(value);
    assert.deepEqual([keys, values.at(-1), await dict.size()], [["b", "new", 1, 2], "two", 4]);
    await assert.rejects(dict.set({} as unknown as string, 1), { message: /a managed key is an object/ });
    await dict.clear();
    assert.equal(await dict.size(), 0);
  });

  test("a list, a set, a namespace, a counter", async () => {
    await using manager = new Manager();
    const list = await manager.list<unknown>([1, 2, 3]);
    assert.equal(await list.push("four", { five: 5 }), 5);
    assert.deepEqual([await list.get(0), await list.get(-1), await list.get(9)], [1, { five: 5 }, undefined]);
    assert.deepEqual([await list.indexOf({ five: 5 }), await list.includes(7)], [4, false]);
    await list.set(-1, 5);
    await list.insert(1, "one and a half");
    assert.deepEqual(await list.remove(1), ["one and a half"]);
    assert.deepEqual([await list.shift(), await list.pop(), await list.unshift(0)], [1, 5, 4]);
    assert.equal(await list.update(1, (n) => (n as number) * 100), 200);
    await list.reverse();
    assert.deepEqual(await list.copy(), ["four", 3, 200, 0]);
    assert.deepEqual(await list.slice(1, 3), [3, 200]);
    await assert.rejects(list.set(9, 1), { remoteName: "UsageError", message: /set\(\) at 9; there are 4/ });
    const seen: unknown[] = [];
    for await (const value of list.values()) seen.push(value);
    assert.deepEqual(seen, await list.copy());

    const set = await manager.set<string | number>(["a"]);
    assert.deepEqual(
      [await set.add("b"), await set.add("b"), await set.has("a"), await set.delete("a")],
      [true, false, true, true],
    );
    assert.deepEqual([await set.copy(), await set.size()], [new Set(["b"]), 1]);

    const space = await manager.namespace({ name: "x", count: 1 });
    await space.set("name", "y");
    assert.equal(await space.update("count", (count) => count + 1), 2);
    assert.deepEqual([await space.get("name"), await space.copy()], ["y", { name: "y", count: 2 }]);

    const counter = await manager.counter(5);
    assert.deepEqual([await counter.add(), await counter.add(-3), await counter.get()], [6, 3, 3]);
    assert.deepEqual([await counter.compareAndSet(4, 0), await counter.compareAndSet(3, 0)], [false, true]);
    await assert.rejects(counter.add("1" as unknown as number), { message: /allowed: a number/ });
  });

  test("a long one is read in pages while others change it", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<number, number>(Array.from({ length: 5000 }, (_, n) => [n, n * n] as const));
    let sum = 0;
    for await (const [key, value] of dict.entries()) {
      if (key === 10) await dict.set(5000, 5000 * 5000);
      assert.equal(value, key * key);
      sum++;
    }
    assert.equal(sum, 5001);
  });

  test("an update is made by one after the other, whoever else makes one: nothing is lost", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<string, number>();
    const children = Array.from({ length: 3 }, () => spawn(countUp, [dict, 100]));
    for (let n = 0; n < 100; n++) await dict.update("count", (count = 0) => count + 1);
    for (const child of children) assert.equal((await child.join()).code, 0);
    assert.equal(await dict.get("count"), 400);
  });

  test("references are no promises, and can be looked at", async () => {
    await using manager = new Manager();
    const dict = await manager.dict();
    assert.equal(await Promise.resolve(dict), dict);
    assert.equal(typeof inspect(dict), "string");
    assert.equal(JSON.stringify({ dict }), '{"dict":{}}');
  });
});

describe("[case 70] an object of a class of one's own", watchdog, () => {
  test("smoke: is made and served in the server's process, and shows its methods only", async () => {
    await using manager = new Manager();
    const account = await manager.create(openAccount, "Ada");
    assert.equal(await account.deposit(5), 5);
    assert.equal(await account.servedBy(), manager.pid);
    const anything = account as unknown as Record<string, () => Promise<unknown>>;
    for (const name of ["owner", "missing"])
      await assert.rejects(anything[name](), {
        code: "ERR_INTERPROC_REMOTE",
        message: new RegExp(`Account-1.${name} is not exposed; exposed: Account-1.deposit, Account-1.servedBy`),
      });
    assert.equal(anything._reset, undefined);
    assert.equal(anything.then, undefined);
  });

  test("throws what its methods throw, and what making it throws", async () => {
    await using manager = new Manager();
    const account = await manager.create(openAccount, "Ada");
    await assert.rejects(account.deposit(-1), { remoteName: "RangeError", message: /an amount of -1/ });
    await assert.rejects(manager.create(openAccount, ""), { remoteName: "TypeError", message: /without an owner/ });
    await assert.rejects(manager.create(noObject), { message: /gave 5; allowed: an object/ });
    await assert.rejects(manager.create((() => new Account("x")) as never), { code: "ERR_INTERPROC_USAGE" });
    assert.equal(await account.deposit(1), 1);
  });
});

describe("what an object begins with", watchdog, () => {
  test("is an iterable, or a UsageError that says so", async () => {
    await using manager = new Manager();
    for (const wrong of [5, null, { a: 1 }] as never[]) {
      const refused = { code: "ERR_INTERPROC_USAGE", message: /allowed: an iterable of/ };
      await assert.rejects(manager.dict(wrong), refused);
      await assert.rejects(manager.list(wrong), refused);
      await assert.rejects(manager.set(wrong), refused);
    }
    assert.equal(await (await manager.list(new Set([1, 2]))).size(), 2);
  });
});

describe("a reference", watchdog, () => {
  test("smoke: goes to children, pools and through messages, and is the same object for all", async () => {
    await using manager = new Manager();
    const account = await manager.create(openAccount, "Ada");
    const child = spawn(deposit, [account, 10]);
    assert.equal(await child.result(), child.pid);
    await using pool = new Pool({ processes: 2 });
    await Promise.all(Array.from({ length: 4 }, () => pool.run(deposit, account, 10)));
    using queue = new Queue<{ account: Managed<Account> }>({ capacity: 4096 });
    await queue.put({ account });
    const { account: same } = await queue.get();
    assert.equal(await same.deposit(1), 51);
    same[Symbol.dispose]();
    assert.equal(await account.deposit(1), 52);
    await child.join();
  });

  test("[case 71] is how one process gets exactly what another has put: texts, numbers, bytes", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<string, unknown>();
    const values = ["grüße, 世界 🌍 \ud800", 0.1 + 0.2, -0, Number.NaN, 5e-324, 2n ** 70n, new Uint8Array([0, 255])];
    for (const value of values) {
      assert.equal((await spawn(putting, [dict, "key", value]).join()).code, 0);
      assert.deepEqual(await spawn(getting, [dict, "key"]).result(), value);
    }
  });

  test("stands in other managed objects, which keep what it refers to", async () => {
    await using manager = new Manager();
    const list = await manager.list<unknown>();
    const account = await manager.create(openAccount, "Ada");
    await account.deposit(1);
    const child = spawn(storing, [list, account]);
    assert.equal((await child.join()).code, 0);
    account[Symbol.dispose]();
    const again = ((await list.get(0)) as { account: Managed<Account> }).account;
    assert.equal(await again.deposit(1), 2);
    const tree = await manager.dict<string, ManagedDict<string, unknown>>();
    await tree.set("self", tree as unknown as ManagedDict<string, unknown>);
    const self = (await tree.get("self")) as unknown as ManagedDict<string, ManagedDict<string, unknown>>;
    assert.equal(await self.has("self"), true);
  });

  test("that was disposed of is of no use, and disposing twice is nothing", async () => {
    await using manager = new Manager();
    const counter = await manager.counter();
    const other = await manager.counter();
    counter[Symbol.dispose]();
    counter[Symbol.dispose]();
    await assert.rejects(counter.get(), { code: "ERR_INTERPROC_USAGE", message: /disposed of/ });
    assert.throws(() => spawn(keeping, [counter, undefined as never]), { code: "ERR_INTERPROC_USAGE" });
    assert.equal(await other.get(), 0);
  });

  test("[case 73] of a client that was killed does not count: its objects go, those that others hold stay", async () => {
    await using manager = new Manager();
    const theirs = await manager.counter();
    const mine = await manager.counter(10);
    const [near, far] = pipe<string>();
    const [near2, far2] = pipe<string>();
    const child = spawn(keeping, [theirs, far]);
    const second = spawn(keeping, [mine, far2]);
    assert.deepEqual([await near.recv(), await near2.recv()], ["ready", "ready"]);
    theirs[Symbol.dispose]();
    for (let n = 0; n < 10; n++) assert.equal(await manager.held(), 2);
    child.kill();
    second.kill();
    await Promise.all([child.join(), second.join()]);
    let held = 2;
    while (held !== 1) held = await manager.held();
    assert.equal(await mine.get(), 11);
    near.close();
    near2.close();
  });

  test("keeps no process alive by itself, and comes to nobody twice: 200 that are passed on and dropped leave nothing", async () => {
    await using manager = new Manager();
    using queue = new Queue<ManagedCounter>({ capacity: 65_536 });
    for (let n = 0; n < 200; n++) {
      const counter = await manager.counter(n);
      await queue.put(counter);
      counter[Symbol.dispose]();
      const taken = await queue.get();
      assert.equal(await taken.get(), n);
      taken[Symbol.dispose]();
    }
    let held = 1;
    while (held > 0) held = await manager.held();
  });
});

describe("a manager's server", watchdog, () => {
  test("smoke: that is killed: every call that waits is abandoned, so is every further one, also through references that come later", async () => {
    const manager = new Manager();
    const dict = await manager.dict<string, number>();
    using queue = new Queue<ManagedDict<string, number>>({ capacity: 4096 });
    await queue.put(dict);
    const never = dict.update("x", () => new Promise<number>(() => undefined));
    const told = assert.rejects(never, abandoned);
    process.kill(manager.pid, "SIGKILL");
    await told;
    await assert.rejects(dict.get("x"), abandoned);
    await assert.rejects(manager.dict(), abandoned);
    await until(() => !manager.isAlive);
    const late = await queue.get();
    await assert.rejects(late.get("x"), abandoned);
    const child = spawn(countUp, [late, 1], { stdio: "ignore" });
    await assert.rejects(child.result(), { remoteName: "AbandonedError" });
    await manager.close();
  });

  test("[case 85] runs its initializer first; one that fails surfaces where something is asked of the manager", async () => {
    const manager = new Manager({ initializer: failing, initArgs: ["not today"], stdio: "ignore" });
    await assert.rejects(manager.dict(), { remoteName: "RangeError", message: /not today/ });
    await manager.close();
    assert.throws(() => new Manager({ initArgs: [1] }), { code: "ERR_INTERPROC_USAGE" });
  });

  test("[kills] killed at any moment, also while clients come to its door: each of them is told, nobody hangs", async () => {
    for (let round = 0; round < 6; round++) {
      const manager = new Manager();
      const counter = await manager.counter();
      const children = Array.from({ length: 2 }, () => spawn(counting, [counter]));
      await counter.add(1);
      const most = round * 40;
      for (let count = 0; count < most; ) count = await counter.get();
      process.kill(manager.pid, "SIGKILL");
      for (const child of children) assert.equal(await child.result(), "ERR_INTERPROC_ABANDONED");
      await assert.rejects(counter.add(1), abandoned);
      for (const child of children) await child.join();
      await manager.close();
    }
  });

  test("goes on when clients are killed at any moment", async () => {
    await using manager = new Manager();
    const counter = await manager.counter();
    for (let round = 0; round < 6; round++) {
      const child = spawn(counting, [counter]);
      const before = await counter.get();
      for (let count = before; round > 0 && count < before + round * 20; ) count = await counter.get();
      child.kill();
      assert.equal((await child.join()).signal, "SIGKILL");
    }
    assert.equal(await manager.held(), 1);
    counter.close();
    while ((await manager.held()) > 0);
  });

  test("[case 72] is followed at once by another one, which knows nothing of the first", async () => {
    let last: ManagedDict<string, number> | undefined;
    for (let round = 0; round < 5; round++) {
      await using manager = new Manager();
      const dict = await manager.dict<string, number>();
      assert.equal(await dict.size(), 0);
      await dict.set("round", round);
      if (last) await assert.rejects(last.get("round"), abandoned);
      last = dict;
    }
  });

  test("[case 72] ends with close(), which can be called twice; then the manager is closed", async () => {
    const manager = new Manager();
    const counter = await manager.counter();
    await manager.close();
    await manager.close();
    assert.deepEqual([manager.closed, manager.isAlive], [true, false]);
    await assert.rejects(manager.counter(), { code: "ERR_INTERPROC_CLOSED" });
    await assert.rejects(counter.get(), (error: RemoteError) => /ABANDONED|CLOSED/.test(error.code));
  });
});
