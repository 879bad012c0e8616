import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { after, before, describe, test } from "node:test";
import { Queue, SharedValue } from "interproc";
import WebSocket from "ws";
import { LiveFeed } from "#src/inspector/live-feed.js";
import type { LiveMessage } from "#src/inspector/live-message.js";
import { type Inspector, serveInspector } from "#src/inspector/server.js";
import type { Snapshot } from "#src/inspector/snapshot-model.js";
import { rawRequest } from "./raw-request.js";

const WATCHDOG = { timeout: 60_000 };
const KEY = ["Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];

/** Every way in: its method, its path, and the headers that a good request has beside Host, Origin and the secret. */
const endpoints: [method: string, path: string, headers: string[], body: string][] = [
  ["GET", "/api/objects", [], ""],
  ["POST", "/api/session", ["Content-Type: application/json", "X-Interproc: 1"], "{}"],
  ["POST", "/api/gc", ["Content-Type: application/json", "X-Interproc: 1"], "{}"],
  ["POST", "/api/unlink", ["Content-Type: application/json", "X-Interproc: 1"], '{"name":"x"}'],
  ["GET", "/api/payload/0123456789abcdef", [], ""],
  ["GET", "/api/live", KEY, ""],
  ["GET", "/api/nothing", [], ""],
];
const pages = ["/", "/page.js", "/page.css", "/icon.svg"];

describe("the inspector's server", () => {
  let inspector: Inspector;
  let good: string[];
  const done: string[] = [];

  before(async () => {
    const actions = {
      gc: () => done.push("gc"),
      unlink: (name: string) => {
        if (name === "gone") throw new Error("it has no name any more");
        done.push(name);
      },
    };
    inspector = await serveInspector({ actions, intervalMs: 20 });
    good = [`Host: 127.0.0.1:${inspector.port}`, `Origin: http://127.0.0.1:${inspector.port}`];
  });
  after(() => inspector.close());

  const ask = (method: string, path: string, headers: readonly string[], body = "") =>
    rawRequest(inspector.port, [`${method} ${path} HTTP/1.1`, ...headers], body);
  const bearer = () => `Authorization: Bearer ${inspector.token}`;
  const session = async (): Promise<string> => {
    const { head } = await ask("POST", "/api/session", [...good, bearer(), ...endpoints[1][2]], "{}");
    return `Cookie: ${/^Set-Cookie: ([^;]+)/im.exec(head)?.[1]}`;
  };

  test("smoke: /api/objects answers to the token with the snapshot", WATCHDOG, async () => {
    using _queue = Queue.create("seen");
    const answer = await fetch(`http://127.0.0.1:${inspector.port}/api/objects`, {
      headers: { Authorization: `Bearer ${inspector.token}` },
    });
    assert.equal(answer.status, 200);
    const { objects } = (await answer.json()) as Snapshot;
    assert.ok(objects.some(({ name }) => name === "seen"));
    assert.equal(inspector.url, `http://127.0.0.1:${inspector.port}/#token=${inspector.token}`);
    assert.equal(Buffer.from(inspector.token, "base64url").length, 32);
  });

  test("it listens at 127.0.0.1 and at no other address", WATCHDOG, async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one !== undefined && one.address !== "127.0.0.1" && !one.address.startsWith("fe80"));
    for (const { address } of others as { address: string }[]) {
      const refused = await new Promise((resolve) => {
        const socket = connect({ host: address, port: inspector.port });
        socket.once("connect", () => resolve(socket.destroy() && false)).once("error", () => resolve(true));
      });
      assert.ok(refused, address);
    }
  });

  for (const [method, path, headers, body] of endpoints) {
    test(`${method} ${path} without the secret, or with a wrong one, is 401`, WATCHDOG, async () => {
      const wrong = [
        "",
        "Authorization: Bearer wrong",
        `Authorization: Basic ${inspector.token}`,
        `Cookie: interproc-${inspector.port}=x`,
      ];
      for (const line of [
        ...wrong,
        `Authorization: Bearer ${inspector.token.slice(1)}`,
        `Cookie: token=${inspector.token}`,
      ]) {
        const { status, body: said } = await ask(method, path, [...good, ...headers, ...(line ? [line] : [])], body);
        assert.deepEqual([status, line], [401, line]);
        assert.ok(!said.includes(inspector.token));
      }
    });

    test(`${method} ${path}?token=… in the url is 401`, WATCHDOG, async () => {
      assert.equal((await ask(method, `${path}?token=${inspector.token}`, [...good, ...headers], body)).status, 401);
    });
  }

  for (const [method, path, headers, body] of [...endpoints, ...pages.map((page) => ["GET", page, [], ""] as const)])
    test(`${method} ${path} for another host is 403, however it is written`, WATCHDOG, async () => {
      const { port } = inspector;
      const hosts = [
        ...[
          "evil.example",
          `evil.example:${port}`,
          `127.0.0.1.evil.example:${port}`,
          `evil.example:${port}#127.0.0.1:${port}`,
        ],
        ...[
          `0177.0.0.1:${port}`,
          `0x7f.0.0.1:${port}`,
          `2130706433:${port}`,
          `127.1:${port}`,
          `127.0.0.01:${port}`,
          `0:${port}`,
        ],
        ...[
          `127.0.0.1.:${port}`,
          `localhost.:${port}`,
          `LOCALHOST:${port}`,
          `localhost6:${port}`,
          `127.0.0.1:0${port}`,
        ],
        ...[`user@127.0.0.1:${port}`, `127.0.0.1:${port}@evil.example`, `user:pw@localhost:${port}`],
        ...[
          `[::ffff:127.0.0.1]:${port}`,
          `[0:0:0:0:0:0:0:1]:${port}`,
          `127.0.0.1:${port + 1}`,
          "127.0.0.1",
          "localhost",
          "",
        ],
        ...[`127.0.0.2:${port}`, `127.0.0.1:${port}, evil.example`, `127.0.0.1:${port}/`],
      ];
      for (const host of hosts) {
        const { status } = await ask(method, path, [`Host: ${host}`, ...headers, bearer()], body);
        assert.deepEqual([status, host], [403, host]);
      }
      const twice = [`Host: 127.0.0.1:${port}`, "Host: evil.example", ...headers, bearer()];
      assert.ok([400, 403].includes((await ask(method, path, twice, body)).status));
      assert.ok([400, 403].includes((await ask(method, path, [...headers, bearer()], body)).status), "no Host");
      const absolute = await ask(method, `http://evil.example${path}`, [...good, ...headers, bearer()], body);
      assert.equal(absolute.status, 400, "a whole url for a path");
    });

  for (const [method, path, headers, body] of endpoints)
    test(`${method} ${path} from another origin or site is 403`, WATCHDOG, async () => {
      const { port } = inspector;
      const origins = [
        ...["http://evil.example", "null", `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`, ""],
        ...[`http://127.0.0.1:${port}.evil.example`, `http://localhost:${port}`, `http://user@127.0.0.1:${port}`],
      ];
      for (const origin of origins) {
        const { status } = await ask(method, path, [good[0], `Origin: ${origin}`, ...headers, bearer()], body);
        assert.deepEqual([status, origin], [403, origin]);
      }
      for (const site of ["cross-site", "same-site", "anything"]) {
        const { status } = await ask(method, path, [...good, `Sec-Fetch-Site: ${site}`, ...headers, bearer()], body);
        assert.deepEqual([status, site], [403, site]);
      }
    });

  for (const [method, path, headers, body] of endpoints.filter(
    ([method, path]) => method === "POST" || path === "/api/live",
  )) {
    test(`${method} ${path} without an origin is 403`, WATCHDOG, async () => {
      assert.equal((await ask(method, path, [good[0], ...headers, bearer()], body)).status, 403);
    });
  }

  for (const [, path, headers, body] of endpoints.filter(([method]) => method === "POST")) {
    test(`${path} changes nothing by GET, HEAD, PUT or DELETE: 405`, WATCHDOG, async () => {
      for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
        const { status, head } = await ask(method, path, [...good, ...headers, bearer()], method === "GET" ? "" : body);
        assert.deepEqual([status, method, /^Allow: POST$/im.test(head)], [405, method, true]);
      }
    });

    test(`${path} wants JSON and the header that only the page sends`, WATCHDOG, async () => {
      const [type, header] = headers;
      const forms = [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
      ];
      for (const form of forms) {
        const { status } = await ask("POST", path, [...good, `Content-Type: ${form}`, header, bearer()], body);
        assert.deepEqual([status, form], [415, form]);
      }
      assert.equal((await ask("POST", path, [...good, type, bearer()], body)).status, 403);
      assert.equal((await ask("POST", path, [...good, ...headers, bearer()], "{oops")).status, 400);
      assert.equal(
        (await ask("POST", path, [...good, ...headers, bearer()], JSON.stringify("x".repeat(9000)))).status,
        413,
      );
    });
  }

  test(
    "the token gets a cookie that no script reads and no other site sends, and that opens the rest",
    WATCHDOG,
    async () => {
      const { status, head } = await ask("POST", "/api/session", [...good, bearer(), ...endpoints[1][2]], "{}");
      assert.equal(status, 200);
      assert.match(head, /^Set-Cookie: interproc-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/im);
      assert.ok(!head.includes(inspector.token), "the session is no copy of the token");
      const cookie = await session();
      assert.equal((await ask("GET", "/api/objects", [...good, cookie])).status, 200);
      assert.equal((await ask("POST", "/api/session", [...good, cookie, ...endpoints[1][2]], "{}")).status, 401);
    },
  );

  test("every answer forbids scripts, frames and sniffing, and allows no other origin", WATCHDOG, async () => {
    const asked = [
      ...pages.map((path) => ["GET", path] as const),
      ...endpoints.filter(([, path]) => path !== "/api/live"),
    ];
    for (const [method, path] of asked) {
      const { head } = await ask(method, path, good, method === "POST" ? "{}" : "");
      assert.match(
        head,
        /^Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/im,
      );
      for (const line of [
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cross-Origin-Opener-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin",
        "Cache-Control: no-store",
      ])
        assert.ok(head.includes(line), `${path}: ${line}`);
      assert.ok(!/access-control-allow/i.test(head));
    }
  });

  test("the page asks no other server and has no script or style in it", WATCHDOG, async () => {
    for (const path of pages) {
      const { status, body } = await ask("GET", path, good);
      assert.equal(status, 200);
      if (path === "/") assert.doesNotMatch(body, /https?:|<script>|<style|\son\w+=|style=/);
    }
  });

  test("what the page asks for is done, and what cannot be done is told", WATCHDOG, async () => {
    const cookie = await session();
    const post = (path: string, body: string) => ask("POST", path, [...good, cookie, ...endpoints[1][2]], body);
    assert.equal((await post("/api/gc", "{}")).status, 200);
    assert.equal((await post("/api/unlink", '{"name":"jobs"}')).status, 200);
    assert.equal((await post("/api/unlink", '{"name":7}')).status, 400);
    const { status, body } = await post("/api/unlink", '{"name":"gone"}');
    assert.deepEqual([status, /it has no name any more/.test(body)], [409, true]);
    assert.deepEqual(done, ["gc", "jobs"]);
  });

  test("what an object holds is told only where that was allowed, and changes nothing", WATCHDOG, async () => {
    using queue = Queue.create<string>("secret");
    queue.tryPut("the password");
    for (const showPayloads of [true, false]) {
      const server = await serveInspector({ showPayloads });
      const base = `http://127.0.0.1:${server.port}`;
      const headers = { Authorization: `Bearer ${server.token}` };
      const all = await (await fetch(`${base}/api/objects`, { headers })).text();
      assert.ok(!all.includes("the password"));
      const { objects } = JSON.parse(all) as Snapshot;
      const id = objects.find(({ name }) => name === "secret")?.id;
      const answer = await fetch(`${base}/api/payload/${id}`, { headers });
      const text = await answer.text();
      assert.deepEqual([answer.status, text.includes("the password")], showPayloads ? [200, true] : [403, false]);
      const gone = await fetch(`${base}/api/payload/0123456789abcdef`, { headers });
      assert.equal(gone.status, showPayloads ? 404 : 403);
      for (const path of ["..%2fsecret", "secret", `${id}/../x`, `${id}0`])
        assert.equal((await fetch(`${base}/api/payload/${path}`, { headers })).status, 404, path);
      const posted = await fetch(`${base}/api/payload/${id}`, {
        method: "POST",
        headers: { ...headers, Origin: base },
      });
      assert.equal(posted.status, 405);
      await server.close();
    }
    assert.equal(queue.size, 1);
  });

  test("without actions nothing can be changed, whoever asks", WATCHDOG, async () => {
    const reading = await serveInspector();
    const headers = [
      `Host: 127.0.0.1:${reading.port}`,
      `Origin: http://127.0.0.1:${reading.port}`,
      `Authorization: Bearer ${reading.token}`,
    ];
    for (const path of ["/api/gc", "/api/unlink"]) {
      const { status } = await rawRequest(
        reading.port,
        [`POST ${path} HTTP/1.1`, ...headers, ...endpoints[1][2]],
        '{"name":"x"}',
      );
      assert.equal(status, 403);
    }
    await reading.close();
  });

  test(
    "a request for the live feed with all that is needed is upgraded, and for another feed it is not",
    WATCHDOG,
    async () => {
      const cookie = await session();
      assert.equal((await ask("GET", "/api/live", [...good, ...KEY, cookie])).status, 101);
      assert.equal((await ask("GET", "/api/other", [...good, ...KEY, cookie])).status, 400);
    },
  );

  test("with a thousand objects and a page open, it takes less than a twentieth of a processor", WATCHDOG, async () => {
    const values = Array.from({ length: 1000 }, (_, i) => SharedValue.create(`v${i}`, "i32", i, { maxAttached: 64 }));
    const feed = new LiveFeed(undefined, 1, { allowsWrite: false, showsPayloads: false });
    const pauses: number[] = [];
    const later = globalThis.setTimeout;
    let told = 0;
    const page = Object.assign(new EventEmitter(), {
      bufferedAmount: 0,
      send: () => told++,
      terminate: () => undefined,
    });
    const startedAt = process.cpuUsage();
    globalThis.setTimeout = ((work: () => void, ms: number) => {
      pauses.push(ms);
      return later(work, 2 ** 30);
    }) as typeof setTimeout;
    try {
      feed.add(page as unknown as WebSocket);
    } finally {
      globalThis.setTimeout = later;
    }
    const { user, system } = process.cpuUsage(startedAt);
    feed.close();
    for (const value of values) value.close();
    assert.equal(told, 1);
    assert.ok(
      (user + system) / 1000 < (pauses[0] * 1.05) / 20 + 5,
      `${user + system} µs, then ${pauses[0]} ms of pause`,
    );
  });

  test("the live feed tells everything first, then what changed and what is gone", WATCHDOG, async () => {
    const queue = Queue.create<number>("followed");
    const headers = { Origin: `http://127.0.0.1:${inspector.port}`, Authorization: `Bearer ${inspector.token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${inspector.port}/api/live`, { headers });
    const messages: LiveMessage[] = [];
    let wake = (): void => undefined;
    socket.on("message", (data) => {
      messages.push(JSON.parse(String(data)) as LiveMessage);
      wake();
    });
    const seen = async (isSo: (message: LiveMessage) => boolean): Promise<LiveMessage> => {
      for (;;) {
        const found = messages.find(isSo);
        if (found) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const first = await seen(({ isWhole }) => isWhole);
    const { id } = first.objects.find(({ name }) => name === "followed") ?? { id: "" };
    assert.equal(first.allowsWrite, true);
    queue.tryPut(1);
    const change = await seen(
      ({ isWhole, objects }) => !isWhole && objects.some((one) => one.id === id && one.depth === 1),
    );
    assert.equal(change.objects.length, 1);
    queue.close();
    await seen(({ gone }) => gone.includes(id));
    await seen(({ objects, isWhole }) => !isWhole && objects.length === 0);
    socket.close();
  });
});
