import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gateway, UsageError } from "interproc";
import { EventStream } from "./event-stream.js";

const watchdog = { timeout: 30_000 };
const TOKENS = { all: "all-0123456789-abcdef", some: "some-0123456789-abcdef" };

class Clock {
  constructor(private readonly zone: string) {}
  at(hour: number) {
    return { hour, zone: this.zone };
  }
  _secret() {
    return "hidden";
  }
}

let ended = 0;
const api = {
  add: (a: number, b: number) => a + b,
  bytes: async () => new Uint8Array([1, 255]),
  map: async () => new Map([[1, 2n]]),
  nothing() {},
  clock: new Clock("utc"),
  deep: { er: { count: () => 3 } },
  async fail() {
    throw new RangeError("too far");
  },
  async *numbers(to: number) {
    try {
      for (let n = 0; n < to; n++) yield n;
      if (to === 3) throw new Error("three");
    } finally {
      ended++;
    }
  },
};

const call = (name: string, args?: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Request =>
  new Request(`http://localhost/api/${name}`, {
    method: "POST",
    headers: { host: "localhost", ...(args !== undefined && { "content-type": "application/json" }), ...headers },
    ...(args !== undefined && { body: JSON.stringify(args) }),
    ...(signal && { signal }),
  });

describe("typed calls over REST", () => {
  test("smoke: a method is called with the body's arguments, and what it returns is the answer", watchdog, async () => {
    await using answer = gateway({ api });
    const added = await answer(call("add", [1, 2]));
    assert.deepEqual(
      [added.status, added.headers.get("content-type"), await added.json()],
      [200, "application/json", 3],
    );
    assert.deepEqual(await (await answer(call("clock.at", [7]))).json(), { hour: 7, zone: "utc" });
    assert.equal(await (await answer(call("deep.er.count"))).json(), 3);
    assert.equal((await answer(call("nothing", []))).status, 204);
    const bytes = await answer(call("bytes"));
    assert.equal(bytes.headers.get("content-type"), "application/octet-stream");
    assert.deepEqual([...new Uint8Array(await bytes.arrayBuffer())], [1, 255]);
    assert.equal((await answer(call("map"))).headers.get("content-type"), "application/vnd.interproc");
    assert.equal((await answer(call("map", [], { accept: "application/json" }))).status, 406);
  });

  test(
    "what is not exposed is 404, what is no array of arguments 422, and what is thrown is told without a stack",
    watchdog,
    async () => {
      await using answer = gateway({ api });
      for (const name of [
        "none",
        "constructor",
        "clock._secret",
        "clock.zone",
        "clock.constructor",
        "deep",
        "add.call",
        "toString",
      ])
        assert.equal((await answer(call(name))).status, 404, name);
      for (const args of [{}, 7, "x", null]) assert.equal((await answer(call("add", args))).status, 422);
      const failed = await answer(call("fail"));
      const problem = (await failed.json()) as { detail: string; code: string };
      assert.deepEqual(
        [failed.status, problem.detail, problem.code],
        [500, "RangeError: too far", "ERR_INTERPROC_REMOTE"],
      );
      assert.ok(!JSON.stringify(problem).includes("api-calls"));
      await using without = gateway();
      assert.equal((await without(call("add", [1, 2]))).status, 404);
      assert.throws(() => gateway({ api: 7 as unknown as object }), UsageError);
    },
  );

  test(
    "a sequence is a stream of events, ended by its end, by what it throws, and by its reader",
    watchdog,
    async () => {
      await using answer = gateway({ api, maxStreams: 1 });
      const read = async (to: number) => {
        const events = new EventStream(await answer(call("numbers", [to])));
        const got: unknown[] = [];
        for (;;) {
          const { event, data } = await events.next();
          got.push(event === "item" ? data : event === "error" ? (data as { detail: string }).detail : event);
          if (event !== "item") return got;
        }
      };
      assert.deepEqual(await read(2), [0, 1, "end"]);
      assert.deepEqual(await read(3), [0, 1, 2, "Error: three"]);
      assert.equal(ended, 2);
      const gone = new AbortController();
      const events = new EventStream(await answer(call("numbers", [1e9], {}, gone.signal)));
      assert.deepEqual((await events.next()).data, 0);
      assert.equal((await answer(call("numbers", [1]))).status, 429);
      gone.abort();
      await assert.rejects(async () => {
        for (;;) await events.next();
      }, /ended/);
      while (ended < 3) await new Promise(setImmediate);
      assert.deepEqual(await read(1), [0, "end"]);
    },
  );

  test("a token calls what it may write", watchdog, async () => {
    await using answer = gateway({
      api,
      tokens: [TOKENS.all, { token: TOKENS.some, write: ["api/deep.*"], read: ["*"] }],
    });
    const status = async (token: string, name: string) =>
      (await answer(call(name, [1, 2], { authorization: `Bearer ${token}` }))).status;
    assert.equal(await status(TOKENS.all, "add"), 200);
    assert.equal(await status(TOKENS.some, "add"), 403);
    assert.equal(await status(TOKENS.some, "deep.er.count"), 200);
    assert.equal(await status(TOKENS.some, "none"), 403);
    assert.equal(await status("", "add"), 401);
  });
});

describe("pages of other origins", () => {
  const page = "https://example.org";
  const from = (origin: string, init: RequestInit = {}): Request =>
    new Request("http://localhost/queues/pages", { ...init, headers: { host: "localhost", origin, ...init.headers } });
  const question = { method: "OPTIONS", headers: { "access-control-request-method": "PUT" } };

  test("are let in by origins only: their browser is told so, and what they may see", watchdog, async () => {
    await using answer = gateway({ origins: [page], tokens: [TOKENS.all] });
    const asked = await answer(from(page, question));
    assert.equal(asked.status, 204);
    assert.equal(asked.headers.get("access-control-allow-origin"), page);
    assert.match(asked.headers.get("access-control-allow-headers") ?? "", /authorization/);
    assert.equal(asked.headers.get("access-control-allow-credentials"), null);
    const refused = await answer(from(page, { headers: { "sec-fetch-site": "cross-site" } }));
    assert.deepEqual([refused.status, refused.headers.get("access-control-allow-origin")], [401, page]);
    const headers = { authorization: `Bearer ${TOKENS.all}`, "sec-fetch-site": "cross-site" };
    const served = await answer(from(page, { headers }));
    assert.equal(served.status, 204);
    assert.match(served.headers.get("access-control-expose-headers") ?? "", /interproc-receipt/);
    for (const origin of [
      "https://evil.example",
      "null",
      `${page}.evil.example`,
      `${page}:444`,
      "http://example.org",
    ]) {
      for (const init of [question, { headers }]) {
        const other = await answer(from(origin, init));
        assert.deepEqual([other.status, other.headers.get("access-control-allow-origin")], [403, null], origin);
      }
    }
  });

  test("a Host that is not the gateway's is refused to them as well, and origins are checked", watchdog, async () => {
    await using answer = gateway({ origins: [page] });
    const request = (init: RequestInit) =>
      answer(from(page, { ...init, headers: { ...init.headers, host: "evil.example" } }));
    assert.equal((await request(question)).status, 403);
    assert.equal((await request({})).status, 403);
    for (const origin of ["*", "null", "example.org", `${page}/`, `${page}/path`])
      assert.throws(() => gateway({ origins: [origin] }), UsageError, origin);
  });
});
