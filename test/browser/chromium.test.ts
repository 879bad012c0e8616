import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type AsyncConnection, expose, type ListenOptions, listen, registerClass, remote } from "interproc";
import type * as Interproc from "interproc/browser";
import { codes, patterned } from "../contract/connection-kind.js";
import { Chromium, type Page, whyNoBrowser } from "./chromium.js";

const watchdog = { timeout: 60_000 };

/** What runs in a page: it gets the module's address there, the listener's, and what else it is given. */
type InPage<R, E> = (argument: { module: string; url: string; extra: E }) => Promise<R>;

class Point {
  constructor(
    readonly x = 0,
    readonly y = 0,
  ) {}
}
registerClass(Point);

/** What a page offers to be called. */
interface PageApi {
  title(): string;
  progress(step: number): void;
  count(to: number): AsyncIterable<number>;
}

const served = {
  greet: (name: string) => `hello ${name}`,
  async work(steps: number, onStep: (step: number) => Promise<void> | void) {
    for (let step = 1; step <= steps; step++) await onStep(step);
    return "done";
  },
  async *primes(from: number) {
    for (let n = from; ; n++) {
      let divisor = 2;
      while (divisor * divisor <= n && n % divisor !== 0) divisor++;
      if (divisor * divisor > n) yield n;
    }
  },
  async forEver(signal: AbortSignal) {
    await once(signal, "abort");
    served.cancelled = String(signal.reason);
  },
  cancelled: "not yet",
  fail(): never {
    throw new RangeError("too far");
  },
};

const echo = async (conn: AsyncConnection): Promise<void> => {
  for await (const value of conn) await conn.send(value);
};

describe("interproc/browser in a real Chromium", { ...watchdog, skip: whyNoBrowser() }, () => {
  let chromium: Chromium;
  before(async () => {
    chromium = await Chromium.start();
  });
  after(() => chromium?.stop());

  /** One page and one listener: what the one does there, and the other here with who connects. */
  async function meet<R, E = undefined>(
    inPage: InPage<R, E>,
    here: (conn: AsyncConnection, page: Page) => Promise<unknown>,
    { extra, ...options }: ListenOptions & { extra?: E } = {},
  ): Promise<R> {
    await using listener = await listen("ws://127.0.0.1:0", { origins: [chromium.origin], ...options });
    const page = await chromium.page();
    const serve = async (): Promise<void> => {
      await using conn = await listener.accept();
      await here(conn, page);
    };
    try {
      const argument = { module: "/interproc.mjs", url: listener.address, extra: extra as E };
      const [result] = await Promise.all([page.evaluate(inPage, argument), serve()]);
      return result;
    } finally {
      await page.close();
    }
  }

  test("smoke: values go both ways", async () => {
    const seen = await meet(
      async ({ module, url }) => {
        const { connect } = (await import(module)) as typeof Interproc;
        const conn = await connect(url);
        await conn.send({ from: "a page", list: [1, 2, 3] });
        const { text, when, bytes } = (await conn.recv()) as { text: string; when: Date; bytes: Uint8Array };
        conn.close();
        return [text, when instanceof Date, bytes instanceof Uint8Array, conn.peer.transport];
      },
      async (conn) => {
        assert.deepEqual(await conn.recv(), { from: "a page", list: [1, 2, 3] });
        await conn.send({ text: "hello", when: new Date(0), bytes: new Uint8Array([1]) });
        await assert.rejects(conn.recv(), codes.end);
      },
    );
    assert.deepEqual(seen, ["hello", true, true, "ws"]);
  });

  test("what structured clone takes comes back from a page as it was sent", async () => {
    const values: readonly unknown[] = [
      ...[0, -0, 1.5, 2 ** 53, Number.NaN, undefined, null, true, 2n ** 70n, -5n, -(2n ** 90n)],
      ...["", "grüße", "😀 wide", "half \ud800 pair", "x".repeat(5000), "ü".repeat(5000), "中".repeat(5000)],
      ...[new Date(86_400_000), /a+/giu, new Map<unknown, unknown>([["k", { v: 1 }]]), new Set([1, "two"])],
      ...[new Float64Array([1.5, -0.25]), new Int16Array([-1]), new Uint8Array([1, 2, 255]).buffer],
      ...[Object.assign([1, 2, 3, 4, 5, 6, 7], { named: 1 }), Object(5), Object("boxed"), new Point(3, 4)],
      Array.from({ length: 100 }, (_, i) => ({ i, text: `row ${i}`, inner: { i } })),
    ];
    await meet(
      async ({ module, url }) => {
        const { connect, registerClass } = (await import(module)) as typeof Interproc;
        class Point {}
        registerClass(Point);
        const conn = await connect(url);
        for await (const value of conn) await conn.send(value);
      },
      async (conn) => {
        for (const value of values) {
          await conn.send(value);
          assert.deepEqual(await conn.recv(), value);
        }
        await conn.send(new RangeError("far"));
        const error = (await conn.recv()) as Error;
        assert.ok(error instanceof RangeError && error.message === "far");
        conn.close();
      },
    );
  });

  test("5 MiB go both ways, also as a value", async () => {
    const isSame = await meet(
      async ({ module, url }) => {
        const { connect } = (await import(module)) as typeof Interproc;
        const conn = await connect(url);
        const bytes = new Uint8Array(5 * 2 ** 20).map((_, i) => i * 31 + (i >>> 8) * 7);
        await conn.sendBytes(bytes);
        const back = await conn.recvBytes();
        await conn.send({ image: bytes });
        const { image } = (await conn.recv()) as { image: Uint8Array };
        conn.close();
        return [back, image].map((one) => one.length === bytes.length && one.every((byte, i) => byte === bytes[i]));
      },
      async (conn) => {
        const bytes = await conn.recvBytes();
        assert.equal(Buffer.compare(bytes, patterned(5 * 2 ** 20)), 0);
        await conn.sendBytes(bytes);
        await conn.send(await conn.recv());
        await assert.rejects(conn.recv(), codes.end);
      },
    );
    assert.deepEqual(isSame, [true, true]);
  });

  for (const codec of ["json", "text", "bytes"] as const)
    test(`the codec ${codec} is there too`, async () => {
      const back = await meet(
        async ({ module, url, extra }) => {
          const { connect } = (await import(module)) as typeof Interproc;
          const conn = await connect(url, { codec: extra });
          await conn.send(extra === "bytes" ? new Uint8Array([1, 255]) : "grüße 😀");
          const answer = await conn.recv();
          conn.close();
          return answer instanceof Uint8Array ? Array.from(answer).join() : answer;
        },
        echo,
        { codec, extra: codec },
      );
      assert.equal(back, codec === "bytes" ? "1,255" : "grüße 😀");
    });

  test("a page calls with callbacks, sequences and cancellation, and is called", async () => {
    const results = await meet(
      async ({ module, url }) => {
        const { connect, expose, remote } = (await import(module)) as typeof Interproc;
        const conn = await connect(url);
        const steps: number[] = [];
        const exposed = expose(conn, {
          title: () => "a page",
          progress: (step: number) => void steps.push(step),
          async *count(to: number) {
            for (let n = 0; n < to; n++) yield n;
          },
        });
        const far = remote<typeof served>(conn);
        const greeting = await far.greet("from a page");
        const done = await far.work(3, (step) => void steps.push(step));
        const primes: number[] = [];
        for await (const prime of far.primes(9_990)) if (primes.push(prime) === 3) break;
        const controller = new AbortController();
        const waiting = far.forEver(controller.signal);
        controller.abort("enough");
        const reason = await waiting.then(String, String);
        const failure = await far.fail().catch((error: Error) => `${error.name}: ${error.message}`);
        await exposed.closed;
        return { greeting, done, steps, primes, reason, failure };
      },
      async (conn) => {
        expose(conn, {
          ...served,
          async fail() {
            const page = remote<PageApi>(conn);
            assert.equal(await page.title(), "a page");
            await page.progress(77);
            const counted: number[] = [];
            for await (const n of page.count(100)) counted.push(n);
            assert.equal(counted.length, 100);
            setImmediate(() => setImmediate(() => conn.close()));
            return served.fail();
          },
        });
        while (!conn.closed) await turn();
      },
    );
    assert.equal(results.greeting, "hello from a page");
    assert.equal(results.done, "done");
    assert.deepEqual(results.steps, [1, 2, 3, 77]);
    assert.deepEqual(results.primes, [10007, 10009, 10037]);
    assert.equal(results.reason, "enough");
    assert.equal(served.cancelled, "enough");
    assert.match(String(results.failure), /RangeError|RemoteError|AbandonedError/);
    assert.match(String(results.failure), /too far/);
  });

  test("a close of the listener's end is the end in the page, behind what was sent, and a send then is a BrokenPipeError", async () => {
    const outcome = await meet(
      async ({ module, url }) => {
        const { connect } = (await import(module)) as typeof Interproc;
        const conn = await connect(url);
        const got: unknown[] = [];
        for await (const value of conn) got.push(value);
        const code = async (call: Promise<unknown>) => call.then(String, (error: { code: string }) => error.code);
        return [...got, await code(conn.recv()), await code(conn.send("late"))];
      },
      async (conn) => {
        for (const value of ["one", "two", "three"]) await conn.send(value);
      },
    );
    assert.deepEqual(outcome, ["one", "two", "three", "ERR_INTERPROC_EOF", "ERR_INTERPROC_BROKEN_PIPE"]);
  });

  test("a page that goes is the end for the listener", async () => {
    await using listener = await listen("ws://127.0.0.1:0", { origins: [chromium.origin] });
    const page = await chromium.page();
    const argument = { module: "/interproc.mjs", url: listener.address };
    const accepting = listener.accept();
    await page.evaluate(async ({ module, url }) => {
      const { connect } = (await import(module)) as typeof Interproc;
      const conn = await connect(url);
      await conn.send("I was here");
      Object.assign(globalThis, { conn });
    }, argument);
    await using conn = await accepting;
    assert.equal(await conn.recv(), "I was here");
    await page.close();
    await assert.rejects(conn.recv(), codes.end);
  });

  test("pages of a foreign origin are refused unless origins allows them, and the page is told in one sentence", async () => {
    const attempt: InPage<string, undefined> = async ({ module, url }) => {
      const { connect } = (await import(module)) as typeof Interproc;
      try {
        (await connect(url)).close();
        return "let in";
      } catch (error) {
        return `${(error as { code: string }).code} ${(error as Error).message}`;
      }
    };
    const page = await chromium.page();
    const outcomes: string[] = [];
    for (const origins of [[], ["https://example.org"], [chromium.origin], "any"] as const) {
      await using listener = await listen("ws://127.0.0.1:0", { origins });
      const argument = { module: "/interproc.mjs", url: listener.address, extra: undefined };
      outcomes.push(await page.evaluate(attempt, argument));
      assert.equal(listener.refusedConnections, outcomes.at(-1) === "let in" ? 0 : 1);
    }
    await page.close();
    for (const refused of outcomes.slice(0, 2))
      assert.match(refused, /^ERR_INTERPROC_SYSTEM connect\(\) .*\(origins\)$/);
    assert.deepEqual(outcomes.slice(2), ["let in", "let in"]);
  });

  test("both prove that they know the authkey, in a page too, and another key is an AuthenticationError", async () => {
    const attempt: InPage<string, string | undefined> = async ({ module, url, extra }) => {
      const { connect } = (await import(module)) as typeof Interproc;
      try {
        const conn = await connect(url, extra === undefined ? {} : { authkey: extra });
        const got = String(await conn.recv());
        conn.close();
        return got;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const welcome = await meet(attempt, (conn) => conn.send("welcome"), { authkey: "sesame", extra: "sesame" });
    assert.equal(welcome, "welcome");
    for (const key of ["barley", undefined]) {
      await using listener = await listen("ws://127.0.0.1:0", { origins: "any", authkey: "sesame" });
      const page = await chromium.page();
      const refused = assert.rejects(listener.accept(), { code: "ERR_INTERPROC_AUTHENTICATION" });
      const argument = { module: "/interproc.mjs", url: listener.address, extra: key };
      assert.equal(await page.evaluate(attempt, argument), "ERR_INTERPROC_AUTHENTICATION");
      await refused;
      await page.close();
    }
  });

  test("who does not receive is waited for, in both directions, and nothing is lost", async () => {
    const numbers = await meet(
      async ({ module, url }) => {
        const { connect } = (await import(module)) as typeof Interproc;
        const conn = await connect(url);
        let sent = 0;
        const sends = Array.from({ length: 48 }, (_, i) =>
          conn.sendBytes(new Uint8Array(2 ** 20).fill(i)).then(() => sent++),
        );
        await conn.recv(); // the other side has seen that its own sends wait
        const sentBefore = sent;
        const lengths: number[] = [];
        for (let i = 0; i < 48; i++) lengths.push((await conn.recvBytes())[77]);
        await conn.send("now you");
        await Promise.all(sends);
        await conn.recv();
        conn.close();
        return { sentBefore, lengths };
      },
      async (conn) => {
        let sent = 0;
        const sends: Promise<unknown>[] = [conn.send("go on")];
        for (let i = 0; i < 48; i++) sends.push(conn.sendBytes(new Uint8Array(2 ** 20).fill(i)).then(() => sent++));
        await Promise.all(sends.slice(0, 2));
        assert.ok(sent < 48, `${sent} were taken at once`);
        await Promise.all(sends);
        for (let i = 0; i < 48; i++) assert.equal((await conn.recvBytes())[77], i);
        assert.equal(await conn.recv(), "now you");
        await conn.send("bye");
        await assert.rejects(conn.recv(), codes.end);
      },
    );
    assert.ok(numbers.sentBefore < 48, `${numbers.sentBefore} MiB were taken from a page whose peer reads nothing`);
    assert.deepEqual(
      numbers.lengths,
      Array.from({ length: 48 }, (_, i) => i),
    );
  });

  test("more than maxWaitingBytes that nobody received ends the connection, and says so", async () => {
    const outcome = await meet(
      async ({ module, url }) => {
        const { connect } = (await import(module)) as typeof Interproc;
        const conn = await connect(url, { maxWaitingBytes: 100_000 });
        await conn.recv();
        const isThere = await conn.poll({ timeout: 20_000 });
        let got = 0;
        try {
          for (;;) {
            await new Promise((resolve) => setTimeout(resolve, 20)); // others send much faster
            await conn.recvBytes();
            got++;
          }
        } catch (error) {
          return { isThere, got, code: (error as { code: string }).code, message: (error as Error).message };
        }
      },
      async (conn) => {
        await conn.send("begin");
        const flood = async (): Promise<void> => {
          for (;;) await conn.sendBytes(new Uint8Array(50_000));
        };
        await assert.rejects(flood(), codes.broken);
      },
    );
    assert.equal(outcome?.code, "ERR_INTERPROC_PROTOCOL");
    assert.match(String(outcome?.message), /at most 100000 \(maxWaitingBytes\)$/);
    assert.ok(outcome?.isThere && outcome.got >= 2, `${outcome?.got} messages came before that`);
  });

  test("a worker of a page connects as the page does", async () => {
    const answer = await meet(
      async ({ module, url }) => {
        const code = `
          import { connect } from ${JSON.stringify(new URL(module, (globalThis as unknown as { location: URL }).location.href).href)};
          const conn = await connect(${JSON.stringify(url)});
          await conn.send("from a worker");
          postMessage(await conn.recv());
          conn.close();`;
        const { Worker } = globalThis as unknown as {
          Worker: new (url: string, options: object) => Record<string, (event: { data: unknown }) => void>;
        };
        const blob = new Blob([code], { type: "text/javascript" });
        const worker = new Worker(URL.createObjectURL(blob), { type: "module" });
        return new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = () => reject(new Error("the worker failed"));
        });
      },
      async (conn) => conn.send(await conn.recv()),
    );
    assert.equal(answer, "from a worker");
  });

  test("what only Node can do is a UsageError that says what a page can", async () => {
    const page = await chromium.page();
    const said = await page.evaluate(async (module) => {
      const { connect } = (await import(module)) as typeof Interproc;
      const attempt = (url: string, options: object): Promise<string> =>
        connect(url, options).then(
          () => "connected",
          (error: { code: string; message: string }) => `${error.code} ${error.message}`,
        );
      return Promise.all([
        attempt("tcp://127.0.0.1:1", {}),
        attempt("ws://127.0.0.1:1", { codec: "pickle" }),
        attempt("ws://127.0.0.1:1", { framing: "lines" }),
        attempt("ws://127.0.0.1:1", { maxWaitingBytes: 0 }),
        attempt("ws://127.0.0.1:1", {}),
      ]);
    }, "/interproc.mjs");
    await page.close();
    for (const one of said.slice(0, 4)) assert.match(one, /^ERR_INTERPROC_USAGE connect\(\)/);
    assert.match(said[0], /allowed: ws:\/\/host:port\/path/);
    assert.match(said[1], /allowed in a browser: "structured", "json", "text", "bytes"/);
    assert.match(said[4], /^ERR_INTERPROC_SYSTEM/);
  });
});
