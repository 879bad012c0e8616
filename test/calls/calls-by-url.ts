import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exposeAt, openQueue, registerClass, remoteAt } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { codes } from "../contract/connection-kind.js";

/** Where calls go through. */
export interface CallsKind {
  readonly name: string;
  /** The url of a queue that nobody has used before. */
  url(name: string): string;
  /** So many calls are made at once where many are; 200 by default. */
  readonly many?: number;
}

const watchdog = { timeout: 60_000 };

class Point {
  constructor(readonly x: number) {}
}
registerClass(Point);

const shop = {
  price: (article: string) => article.length * 10,
  nothing: () => undefined,
  echo: async (...values: unknown[]) => values,
  inner: { twice: (n: number) => 2 * n },
  fail: () => {
    throw Object.assign(new RangeError("too many"), { code: "E_MANY", cause: new Error("why") });
  },
  listener: () => () => 1,
  _hidden: () => 1,
};
type Shop = typeof shop;

/** A server in a process of its own. */
class Server implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  constructor(program: string, ...args: string[]) {
    const file = fileURLToPath(new URL(`../programs/${program}.js`, import.meta.url));
    this.child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }
  get pid(): number {
    return this.child.pid as number;
  }
  async line(): Promise<string> {
    return (await this.lines.next()).value;
  }
  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit();
  }
}

/** What holds for calls through the queues of every broker. */
export function everyCalls(kind: CallsKind): void {
  const it = (title: string, body: (url: string) => Promise<void>): void => {
    test(title, watchdog, async () => {
      const url = kind.url(freshName());
      await body(url);
      await (await openQueue(url, { mustExist: false })).delete();
    });
  };

  describe(`calls by url, ${kind.name}`, () => {
    it("smoke: a method is called, by its name or its path, and what it returns comes back", async (url) => {
      await using served = await exposeAt(url, shop);
      await using far = await remoteAt<Shop>(url);
      assert.equal(await far.price("apple"), 50);
      assert.equal(await far.inner.twice(4), 8);
      assert.equal(await far.nothing(), undefined);
      const values = [1n, new Map([["a", new Date(0)]]), new Uint8Array([1]), new Point(7), null, undefined];
      assert.deepEqual(await far.echo(...values), values);
      assert.ok(served.closed instanceof Promise);
    });

    it("what a method throws is a RemoteError with the stack from there; what is not exposed is one that says what is", async (url) => {
      await using _served = await exposeAt(url, shop);
      await using far = await remoteAt<Shop & { absent(): void }>(url);
      await assert.rejects(far.fail(), (error: Error & Record<string, unknown>) => {
        assert.deepEqual(
          [error.code, error.remoteName, error.remoteCode],
          ["ERR_INTERPROC_REMOTE", "RangeError", "E_MANY"],
        );
        assert.match(String(error.remoteStack), /calls-by-url/);
        assert.match((error.cause as Error).message, /why/);
        return true;
      });
      await assert.rejects(far.absent(), /absent is not exposed; exposed: price, nothing/);
      assert.equal(Reflect.get(far, "_hidden"), undefined);
      await assert.rejects(far.listener() as Promise<unknown>, /the result cannot be sent/);
    });

    it("many calls at once each get their own answer", async (url) => {
      await using _served = await exposeAt(url, shop);
      await using far = await remoteAt<Shop>(url);
      const numbers = Array.from({ length: kind.many ?? 200 }, (_, n) => n);
      assert.deepEqual(
        await Promise.all(numbers.map((n) => far.inner.twice(n))),
        numbers.map((n) => 2 * n),
      );
    });

    it("servers share the calls: two that have one place each run two at once", async (url) => {
      let inside = 0;
      let meet = (): void => undefined;
      const met = new Promise<void>((resolve) => {
        meet = resolve;
      });
      const api = {
        async meet() {
          if (++inside === 2) meet();
          await met;
          return inside;
        },
      };
      await using _one = await exposeAt(url, api, { maxServed: 1 });
      await using _two = await exposeAt(url, api, { maxServed: 1 });
      await using far = await remoteAt<typeof api>(url);
      assert.deepEqual(await Promise.all([far.meet(), far.meet()]), [2, 2]);
    });

    it("a call waits in the queue until there is a server", async (url) => {
      await using far = await remoteAt<Shop>(url);
      const waiting = far.price("pear");
      await using _served = await exposeAt(url, shop);
      assert.equal(await waiting, 40);
    });

    it("nobody answers in time: a TimeoutError, and the call is not begun later", async (url) => {
      const begun: string[] = [];
      const api = { note: (word: string) => void begun.push(word) };
      {
        await using hasty = await remoteAt<typeof api>(url, { timeout: 100 });
        await assert.rejects(hasty.note("late"), codes.timeout);
      }
      await using far = await remoteAt<typeof api>(url);
      // by the clock of the machine too, which may lag by a millisecond
      await new Promise((resolve) => setTimeout(resolve, 20));
      await using _served = await exposeAt(url, api);
      await far.note("in time");
      assert.deepEqual(begun, ["in time"]);
    });

    it("a signal rejects the call at once, and fires where the method runs", async (url) => {
      const told: unknown[] = [];
      let tell = (): void => undefined;
      const fired = new Promise<void>((resolve) => {
        tell = resolve;
      });
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const api = {
        wait: ({ signal }: { signal: AbortSignal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => {
              told.push(signal.reason);
              resolve();
              tell();
            });
            begin();
          }),
        stop: (signal: AbortSignal) => signal.aborted,
      };
      await using _served = await exposeAt(url, api, { maxServed: 2 });
      await using far = await remoteAt<typeof api>(url);
      const controller = new AbortController();
      const waiting = assert.rejects(far.wait({ signal: controller.signal }), (reason) => reason === "enough");
      await begun;
      controller.abort("enough");
      await waiting;
      assert.equal(await far.stop(new AbortController().signal), false);
      await fired;
      assert.deepEqual(told, ["enough"]);
      await assert.rejects(far.stop(AbortSignal.abort("before")), (reason) => reason === "before");
    });

    it("functions and sequences are refused: any server may take the call", async (url) => {
      await using far = await remoteAt<{ on(f: unknown): void }>(url);
      await assert.rejects(
        far.on(() => 1),
        codes.usage,
      );
      await assert.rejects(far.on([(async function* () {})()]), codes.usage);
    });

    it("a server that closes answers what it has begun, and leaves the rest to others", async (url) => {
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const slow = {
        async work() {
          begin();
          await ended;
          return "slow";
        },
      };
      const one = await exposeAt(url, slow, { maxServed: 1 });
      await using far = await remoteAt<typeof slow>(url);
      const first = far.work();
      await begun;
      const second = far.work();
      const closing = one.close();
      await using _two = await exposeAt(url, { work: () => "other" });
      assert.equal(await second, "other");
      end();
      assert.equal(await first, "slow");
      await closing;
      await one.close();
    });

    if (kind.name !== "shm:")
      it("a server answers in JSON whoever asks in JSON", async (url) => {
        await using _served = await exposeAt(url, shop);
        await using far = await remoteAt<Shop>(url, { codec: "json" });
        assert.deepEqual(await far.echo({ a: [1, null] }, "b"), [{ a: [1, null] }, "b"]);
        assert.equal(await far.nothing(), undefined);
        await assert.rejects(far.fail(), { remoteName: "RangeError", remoteCode: "E_MANY" });
        await assert.rejects(far.echo(1n), codes.codec);
      });

    it("a remote object that is closed: calls that wait are ClosedErrors, and so is the next", async (url) => {
      const far = await remoteAt<Shop>(url);
      const waiting = assert.rejects(far.price("x"), codes.closed);
      await far[Symbol.asyncDispose]();
      await waiting;
      await assert.rejects(far.price("x"), codes.closed);
      await far[Symbol.asyncDispose]();
    });

    it("options that are not allowed are UsageErrors", async (url) => {
      for (const options of [{ maxServed: 0 }, { redelivered: "maybe" }, { codec: "text" }])
        await assert.rejects(exposeAt(url, shop, options as never), codes.usage);
      for (const options of [{ timeout: 0 }, { codec: "pickle" }])
        await assert.rejects(remoteAt(url, options as never), codes.usage);
      await assert.rejects(exposeAt(url, "shop" as never), codes.usage);
    });
  });

  describe(`calls by url, ${kind.name}, between processes`, () => {
    it("arguments that a server cannot read are a CodecError, of that call only", async (url) => {
      await using server = new Server("serve-calls", url);
      assert.equal(await server.line(), "serving");
      await using far = await remoteAt<{ typeOf(value: object): string; whoAreYou(): number }>(url);
      await assert.rejects(far.typeOf(new Point(1)), codes.codec);
      assert.equal(await far.whoAreYou(), server.pid);
    });

    it("a caller that waits for nothing ends by itself", async (url) => {
      await using server = new Server("serve-calls", url);
      assert.equal(await server.line(), "serving");
      await using caller = new Server("idle-calls", url);
      assert.deepEqual([await caller.line(), await caller.exit()], ["number", 0]);
    });

    for (const [how, redelivered] of [
      ["runs at another one", "run"],
      ["is an AbandonedError, where the others refuse to repeat it", "refuse"],
    ] as const)
      it(`a call whose server was killed ${how}`, async (url) => {
        await using far = await remoteAt<{ hang(word: string): string }>(url);
        const server = new Server("serve-calls", url, redelivered);
        assert.equal(await server.line(), "serving");
        const calling = far.hang("here");
        calling.catch(() => undefined);
        assert.equal(await server.line(), "hangs here");
        await using _other = await exposeAt(url, { hang: (word: string) => `${word}, elsewhere` }, { redelivered });
        await server[Symbol.asyncDispose]();
        if (redelivered === "run") assert.equal(await calling, "here, elsewhere");
        else await assert.rejects(calling, { code: "ERR_INTERPROC_ABANDONED" });
      });
  });
}
