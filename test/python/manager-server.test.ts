import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  connect,
  connectManager,
  type ManagerRegistry,
  type ManagerServer,
  Queue,
  ServedQueue,
  type ServeManagerOptions,
  serveManager,
  UsageError,
} from "interproc";
import { RunningProgram, until, watchdog } from "../processes/running.js";
import { PythonProgram } from "../transports/python-program.js";
import { type Python, pythons } from "../transports/pythons.js";

const found = pythons();
const newest = found.at(-1) as Python;
const none = found.length === 0 && "there is no Python on this machine";
const key = "secret";
const options: ServeManagerOptions = { authkey: key, md5: true };

class Account {
  private balance = 0;
  constructor(
    private readonly owner: string,
    { limit = 100 }: { limit?: number } = {},
  ) {
    this.limit = limit;
  }
  readonly limit: number;
  deposit(amount: number): number {
    if (amount < 0) throw new RangeError(`a deposit of ${amount}`);
    if (amount > this.limit) throw new Error("too much");
    this.balance += amount;
    return this.balance;
  }
  async describe(greeting = "hello", { mark = "!" } = {}): Promise<string> {
    return `${greeting}, ${this.owner} has ${this.balance}${mark}`;
  }
  *count(to: number): Generator<number> {
    for (let number = 1; number <= to; number++) yield number;
  }
  odd(): unknown {
    return new Account("inner");
  }
  _secret(): string {
    return "not exposed";
  }
  lambda(): string {
    return "a word that Python reserves";
  }
}

/** How many calls wait for an item. */
const waitingIn = (jobs: unknown): number => (jobs as { getting: unknown[] }).getting.length;

describe("a manager of Node, for Python's clients", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-manager-server-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let sockets = 0;

  async function serve(registry: ManagerRegistry, transport = "unix"): Promise<ManagerServer> {
    const place = transport === "tcp" ? "tcp://127.0.0.1:0" : `unix:${join(folder, `socket-${sockets++}`)}`;
    return serveManager(place, registry, options);
  }

  async function client(python: Python, server: ManagerServer): Promise<PythonProgram> {
    const program = new PythonProgram(python.path, "manager_proxies");
    assert.equal(await program.ask("connect", server.address, key), null);
    return program;
  }

  for (const python of found)
    test(`[case 71] Python ${python.version} uses a Map as a dict, an Array as a list, a queue as a queue`, async () => {
      for (const transport of ["unix", "tcp"]) {
        const map = new Map<unknown, unknown>([
          ["text", "grüße"],
          [1, 1.5],
        ]);
        const list: unknown[] = [1, "two", null];
        const queue = new ServedQueue<unknown>({ maxItems: 10 });
        await using server = await serve({ shared_dict: map, shared_list: list, shared_queue: queue }, transport);
        const address = server.address.replace("//", "");
        const program = new PythonProgram(python.path, "manager_client", [address, "--authkey", key]);
        const steps = new Map<string, unknown>();
        for (let line = await program.next(); line !== undefined; line = await program.next()) {
          const { step, result, error } = line as { step: string; result?: unknown; error?: string };
          steps.set(step, error === undefined ? result : { error });
        }
        assert.equal(await program.exit, 0);
        const expected: [string, unknown][] = [
          ["connect", null],
          ["dict.set", null],
          ["dict.get", [1, { two: 2.5 }]],
          ["dict.missing", { error: "KeyError" }],
          ["dict.in", [true, false]],
          ["dict.update", null],
          ["dict.pop", 1],
          ["dict.len", 4],
          ["dict.keys", ["1", "b", "from-python", "text"]],
          ["dict.copy", { text: "grüße", 1: 1.5, "from-python": [1, { two: 2.5 }], b: null }],
          ["list.append", null],
          ["list.get", "from python"],
          ["list.slice", [1, "two"]],
          ["list.missing", { error: "IndexError" }],
          ["list.set", null],
          ["list.extend", null],
          ["list.pop", 4],
          ["list.index", 3],
          ["list.len", 5],
          ["list.all", [2 ** 70, "two", null, "from python", 3]],
          ["queue.put", null],
          ["queue.qsize", 1],
          ["queue.get", { job: 1 }],
          ["queue.empty", true],
          ["queue.get-empty", { error: "Empty" }],
          ["end", null],
        ];
        assert.deepEqual([...steps], expected);
        assert.deepEqual([map.get("from-python"), list[0]], [[1, { two: 2.5 }], 2n ** 70n]);
      }
    });

  for (const python of found)
    test(`[case 70] Python ${python.version} calls the methods of an object, and nothing else`, async () => {
      const all = new Account("all");
      await using server = await serve({
        account: all,
        Account: (owner: string, more?: object) => new Account(owner, more),
      });
      await using program = await client(python, server);
      const exposed = ["count", "deposit", "describe", "odd"];
      assert.deepEqual(await program.ask("create", "all", "account"), exposed);
      assert.equal(await program.ask("call", "all", "deposit", [5]), 5);
      assert.equal(await program.ask("call", "all", "describe"), "hello, all has 5!");
      assert.equal(await program.ask("call", "all", "describe", ["hi"], { mark: "?" }), "hi, all has 5?");
      assert.deepEqual(await program.ask("create", "own", "Account", "auto", ["Ada"], { limit: 3 }), exposed);
      assert.equal(await program.ask("eval", "own.deposit(2) + own.deposit(1) + all.deposit(1)"), 11);
      assert.deepEqual(await program.ask("eval", "list(own.count(4))"), [1, 2, 3, 4]);
      const rangeError = (await program.ask("raised", "all.deposit(-1)")) as Record<string, unknown>;
      assert.deepEqual(
        [rangeError.class, rangeError.args, rangeError.cause],
        ["builtins.ValueError", ["a deposit of -1"], "RemoteError"],
      );
      assert.match(String(rangeError.text), /RangeError: a deposit of -1\n +at Account\.deposit/);
      const error = (await program.ask("raised", "all.deposit(1000)")) as Record<string, unknown>;
      assert.deepEqual([error.class, error.args], ["builtins.RuntimeError", ["too much"]]);
      const unread = (await program.ask("raised", "all.odd()")) as Record<string, unknown>;
      assert.deepEqual(
        [unread.class, /class Account cannot be sent/.test(String(unread.text))],
        ["multiprocessing.managers.RemoteError", true],
      );

      for (const name of [
        "_secret",
        "constructor",
        "__proto__",
        "toString",
        "hasOwnProperty",
        "then",
        "limit",
        "owner",
        "lambda",
        "nothing",
        "call",
        "__class__",
      ]) {
        const refused = (await program.ask("raised", `all._callmethod(${JSON.stringify(name)})`)) as Record<
          string,
          unknown
        >;
        assert.equal(refused.class, "multiprocessing.managers.RemoteError", name);
        assert.match(String(refused.text), /is not in exposed=\(deposit, describe, count, odd\)/);
      }
      const missing = (await program.ask("create", "x", "no_such_typeid")) as { error: string; message: string };
      assert.deepEqual([missing.error, /KeyError/.test(missing.message)], ["RemoteError", true]);
      assert.equal(await program.ask("call", "all", "describe"), "hello, all has 6!");
      assert.equal(await program.end(), 0);
    });

  for (const python of found)
    test(`references of Python ${python.version}: an object goes with its last one, also when the client is killed`, async () => {
      await using server = await serve({
        account: new Account("all"),
        Account: () => new Account("new"),
        items: [1, 2],
      });
      const program = await client(python, server);
      await program.ask("create", "all", "account");
      await program.ask("create", "again", "account");
      await program.ask("create", "own", "Account");
      await program.ask("create", "items", "items", "list");
      assert.equal(server.numberOfObjects, 3);
      await program.ask("release", "all");
      assert.equal(await program.ask("call", "again", "deposit", [1]), 1);
      await program.ask("release", "again");
      assert.equal(server.numberOfObjects, 2);
      await program.ask("release", "own");
      await program.ask("eval", "len(items)");
      assert.equal(server.numberOfObjects, 1);
      await program.kill();
      await until(() => server.numberOfObjects === 0);
    });

  test("what Python names and is not allowed here is refused, and the proxy goes on", async (context) => {
    if (none) return context.skip(none);
    const map = new Map<unknown, unknown>();
    await using server = await serve({ d: map });
    await using program = await client(newest, server);
    await program.ask("create", "d", "d", "dict");
    for (const expression of ["d.__setitem__('x', print)", "d.update({'x': [eval]})", "d.get(BaseException)"]) {
      const refused = (await program.ask("raised", expression)) as { class: string; text: string };
      assert.equal(refused.class, "multiprocessing.managers.RemoteError");
      assert.match(refused.text, /CodecError: .*(is not allowed|is no value)/);
    }
    assert.equal(await program.ask("eval", "[d.update({'y': 1}), d['y']][1]"), 1);
    assert.deepEqual([...map], [["y", 1]]);
  });

  test("a server that is not to keep its process alive does not", async () => {
    const program = new RunningProgram("serving-manager", join(folder, "unheld.sock"), "unref");
    const address = (await program.line()) as string;
    assert.match(address, /^unix:/);
    assert.equal(await program.line(), undefined);
  });

  test("eight threads of a Python program wait in one queue, and each gets an item that Node puts", async (context) => {
    if (none) return context.skip(none);
    const jobs = new ServedQueue<number>({ maxItems: 2 });
    await using server = await serve({ jobs }, "tcp");
    await using program = await client(newest, server);
    await program.ask("create", "jobs", "jobs");
    const results = program.ask("together", "jobs.get()", 8) as Promise<number[]>;
    for (let item = 0; item < 8; item++) await jobs.put(item);
    assert.deepEqual((await results).sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(
      await program
        .ask("raised", "[jobs.put_nowait(n) for n in range(3)]")
        .then((one) => (one as { class: string }).class),
      "queue.Full",
    );
    assert.deepEqual([await jobs.get(), await jobs.get(), jobs.tryGet()], [0, 1, undefined]);
  });

  test("a queue in shared memory is served to Python as it is to Node", async (context) => {
    if (none) return context.skip(none);
    using shared = new Queue<unknown>({ capacity: 65_536 });
    await using server = await serve({ shared });
    await using program = await client(newest, server);
    await program.ask("create", "q", "shared");
    await program.ask("call", "q", "put", [{ from: "python" }]);
    assert.deepEqual([await program.ask("eval", "q.qsize()"), shared.tryGet()], [1, { from: "python" }]);
    await shared.put([1, 2]);
    assert.deepEqual(await program.ask("call", "q", "get"), [1, 2]);
    assert.equal(((await program.ask("raised", "q.get(timeout=0.01)")) as { class: string }).class, "_queue.Empty");
  });

  test("all that a dict and a list can do, as Python's own do it", async (context) => {
    if (none) return context.skip(none);
    await using server = await serve({ d: new Map<unknown, unknown>([["a", 1]]), l: [5, 6, 7, 8, 9] });
    await using program = await client(newest, server);
    await program.ask("create", "d", "d", "dict");
    await program.ask("create", "l", "l", "list");
    const same = async (name: string, own: string, expressions: readonly string[]): Promise<void> => {
      for (const expression of expressions) {
        const told = (await program.ask("raised", expression)) as Record<string, unknown>;
        const expected = (await program.ask("raised", `(lambda ${name}: [${expression}, ${name}])(${own})`)) as Record<
          string,
          unknown
        >;
        const state = await program.ask("eval", name === "d" ? "d.copy()" : "l[:]");
        if (expected.class) assert.equal(told.class, expected.class, expression);
        else assert.deepEqual([told.result, state], expected.result, expression);
        await program.ask(
          "eval",
          name === "d" ? "[d.clear(), d.update({'a': 1})]" : "l.__setitem__(slice(None, None), [5, 6, 7, 8, 9])",
        );
      }
    };
    await same("d", "{'a': 1}", [
      ...[
        "len(d)",
        "'a' in d",
        "d['a']",
        "d['b']",
        "d.get('b')",
        "d.get('b', 2)",
        "d.pop('a')",
        "d.pop('b', 3)",
        "d.pop('b')",
      ],
      ...[
        "d.popitem()",
        "d.setdefault('a', 9)",
        "d.setdefault('b', 9)",
        "d.update({'x': 1}, y=2)",
        "d.update([('k', 'v')])",
      ],
      ...[
        "d.__delitem__('a')",
        "d.__delitem__('b')",
        "d.__setitem__(None, [1])",
        "[key for key in d]",
        "list(d.items())",
        "d.clear()",
      ],
      ...["d.get()", "d[{}]", "d.get('a', 1, 2)"],
    ]);
    await same("l", "[5, 6, 7, 8, 9]", [
      ...[
        "len(l)",
        "l[1]",
        "l[-1]",
        "l[5]",
        "l[1:3]",
        "l[::-1]",
        "l[::2]",
        "l[-2:]",
        "l[10:]",
        "l['a']",
        "6 in l",
        "[6] in l",
      ],
      ...[
        "l.append([1])",
        "l.extend((1, 2))",
        "l.insert(1, 'x')",
        "l.insert(-1, 'x')",
        "l.pop()",
        "l.pop(0)",
        "l.pop(-2)",
        "l.pop(9)",
      ],
      ...[
        "l.remove(7)",
        "l.remove(0)",
        "l.index(8)",
        "l.index(8, 4)",
        "l.count(5)",
        "l.reverse()",
        "l.sort(reverse=True)",
      ],
      ...[
        "l.__setitem__(0, 'x')",
        "l.__setitem__(9, 'x')",
        "l.__setitem__(slice(1, 3), [0])",
        "l.__setitem__(slice(0, 5, 2), [1, 2, 3])",
      ],
      ...[
        "l.__setitem__(slice(0, 5, 2), [1])",
        "l.__setitem__(slice(2, 2), ['in'])",
        "l.__delitem__(0)",
        "l.__delitem__(slice(0, 4, 2))",
      ],
      ...[
        "l.__delitem__(slice(4, 0, -1))",
        "l + [1]",
        "l * 2",
        "2 * l",
        "l.__setitem__(slice(7, None), [1])",
        "l[::0]",
      ],
    ]);
    assert.equal(await program.end(), 0);
  });

  for (const python of [found[0], newest].filter((one) => one !== undefined))
    test(`a server that is closed, or lost: calls of Python ${python.version} that wait raise EOFError, later ones find nobody`, async () => {
      const jobs = new ServedQueue<number>();
      const server = await serve({ jobs });
      await using program = await client(python, server);
      await program.ask("create", "jobs", "jobs");
      assert.equal(await program.ask("call", "jobs", "qsize"), 0);
      const waiting = program.ask("raised", "jobs.get()") as Promise<{ class: string }>;
      await until(() => waitingIn(jobs) === 1);
      await server.close();
      assert.match((await waiting).class, /^builtins\.(EOFError|ConnectionResetError|BrokenPipeError)$/);
      const late = (await program.ask("raised", "jobs.qsize()")) as { class: string };
      assert.match(late.class, /^builtins\.(BrokenPipeError|EOFError|FileNotFoundError|ConnectionResetError)$/);
    });

  test("Node uses it, too: connectManager to serveManager", async () => {
    await using server = await serve({
      settings: new Map([["threads", 4]]),
      Account: (owner: string) => new Account(owner),
    });
    await using manager = await connectManager(server.address, { authkey: key });
    const settings = await manager.dict<string, number>("settings");
    await settings.set("threads", 8);
    assert.deepEqual(
      [await settings.get("threads"), await settings.get("none"), await settings.size()],
      [8, undefined, 1],
    );
    const account = await manager.create("Account", "Ada");
    await assert.rejects(account.call("deposit", -1), { name: "RemoteError", remoteName: "ValueError" });
    await assert.rejects(account.call("constructor"), { name: "RemoteError", remoteName: "AttributeError" });
    const numbers: unknown[] = [];
    const counted = await account.call("count", 3);
    for (;;) {
      const next = await (counted as typeof account)
        .call("__next__")
        .catch((error: { remoteName: string }) => error.remoteName);
      numbers.push(next);
      if (next === "StopIteration") break;
    }
    assert.deepEqual(numbers, [1, 2, 3, "StopIteration"]);
    await assert.rejects(manager.create("none"), { name: "RemoteError" });
    await manager.close();
    await until(() => server.numberOfObjects === 0);
  });

  test("[case 72] a server is followed at once by another one at the same address, which knows nothing of the first", async () => {
    const unix = `unix:${join(folder, "restarted")}`;
    for (const url of [unix, "tcp://127.0.0.1:0"]) {
      let address = url;
      for (let round = 0; round < 5; round++) {
        await using server = await serveManager(address, { settings: new Map([["round", round]]) }, options);
        address = server.address;
        await using manager = await connectManager(address, { authkey: key });
        assert.equal(await (await manager.dict<string, number>("settings")).get("round"), round);
        await manager.close();
        await server.close();
        await assert.rejects(connectManager(address, { authkey: key }));
      }
    }
  });

  test("what is no request ends its own connection only; a key is needed; what cannot be served is refused", async () => {
    await using server = await serve({ settings: new Map() });
    for (const odd of [1, [], ["x"], [null, 1, [], {}], [null, "create", 1, {}], [null, "create", [], 1], "x"]) {
      const conn = await connect(server.address, { framing: "python", authkey: key });
      await conn.send(odd);
      await assert.rejects(conn.recv(), { name: "EOFError" });
    }
    for (const name of ["shutdown", "debug_info", "constructor", "__init__"]) {
      const conn = await connect<unknown, unknown[]>(server.address, { framing: "python", authkey: key });
      await conn.send([null, name, [], {}]);
      assert.equal((await conn.recv())[0], "#TRACEBACK");
    }
    await using manager = await connectManager(server.address, { authkey: key });
    assert.equal(await manager.numberOfObjects(), 0);
    const bare = { ...options, authkey: undefined } as unknown as ServeManagerOptions;
    await assert.rejects(serveManager("tcp://127.0.0.1:0", {}, bare), UsageError);
    await assert.rejects(
      serveManager("tcp://127.0.0.1:0", { x: 1 } as unknown as ManagerRegistry, options),
      /x is 1; allowed: a Map/,
    );
    await assert.rejects(serveManager("ws://127.0.0.1:0", {}, options), UsageError);
  });
});
