import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import { serveGateway, UsageError } from "interproc";
import { rawRequest } from "../inspector/raw-request.js";
import { startGateway } from "./gateway-process.js";

const watchdog = { timeout: 90_000 };
const TOKENS = {
  all: "all-0123456789-abcdef",
  reader: "reader-0123456789-abcdef",
  writer: "writer-0123456789-abcdef",
};

const open = await startGateway({ maxBody: 10_000 });
const guarded = await startGateway({
  tokens: [
    TOKENS.all,
    { token: TOKENS.reader, read: ["queues/jobs*"] },
    { token: TOKENS.writer, write: ["queues/jobs*", "topics/news"] },
  ],
});

/** Also when it ends with an error. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));

/** How many milliseconds something takes. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await act();
  return performance.now() - begin;
}

/** That a client that means well is served. */
async function goodClient(url: string, headers: Record<string, string> = {}): Promise<void> {
  const put = await fetch(`${url}/queues/jobs-good`, {
    method: "POST",
    body: "7",
    headers: { ...headers, "content-type": "application/json" },
  });
  assert.equal(put.status, 201, await put.text());
  const taken = await fetch(`${url}/queues/jobs-good?ack=auto`, { headers });
  assert.equal(await taken.json(), 7);
}

describe("a gateway without tokens", () => {
  after(() => open.end());

  test("listens beyond this machine only with tokens", watchdog, async () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.2"])
      await assert.rejects(serveGateway({ host }), UsageError);
    await using _server = await serveGateway({ host: "0.0.0.0", tokens: [TOKENS.all] });
  });

  test("answers its own names, and no other way to write them", watchdog, async () => {
    const { port } = open;
    const status = async (host: string) =>
      (await rawRequest(port, ["GET /queues/hosts HTTP/1.1", `Host: ${host}`])).status;
    for (const host of ["127.0.0.1", "localhost", "[::1]"]) assert.equal(await status(`${host}:${port}`), 204, host);
    for (const host of [
      ...["evil.example", `evil.example:${port}`, "127.0.0.1", "localhost", `localhost:${port + 1}`],
      ...[`localhost.:${port}`, `127.0.0.1.:${port}`, `0177.0.0.1:${port}`, `127.1:${port}`, `2130706433:${port}`],
      ...[`0x7f.0.0.1:${port}`, `0.0.0.0:${port}`, `user@127.0.0.1:${port}`, `127.0.0.1:${port}@evil.example`],
      ...[`LOCALHOST:${port}`, `[::ffff:127.0.0.1]:${port}`, `127.0.0.1:0${port}`, ""],
    ])
      assert.ok([400, 403].includes(await status(host)), host);
    const twice = await rawRequest(port, [
      "GET /queues/hosts HTTP/1.1",
      `Host: localhost:${port}`,
      "Host: evil.example",
    ]);
    assert.equal(twice.status, 400);
    const none = await rawRequest(port, ["GET /queues/hosts HTTP/1.1"]);
    assert.equal(none.status, 400);
    const whole = await rawRequest(port, [`GET http://evil.example/queues/hosts HTTP/1.1`, `Host: localhost:${port}`]);
    assert.equal(whole.status, 400);
    await goodClient(open.url);
  });

  test("refuses what pages of other sites send, and allows no page to read", watchdog, async () => {
    const { port } = open;
    const post = (...lines: string[]) =>
      rawRequest(
        port,
        ["POST /queues/pages HTTP/1.1", `Host: localhost:${port}`, "Content-Type: text/plain", ...lines],
        "x",
      );
    assert.equal((await post("Origin: https://evil.example")).status, 403);
    assert.equal((await post("Origin: null")).status, 403);
    assert.equal((await post(`Origin: http://localhost:${port + 1}`)).status, 403);
    assert.equal((await post("Sec-Fetch-Site: cross-site")).status, 403);
    assert.equal((await post("Sec-Fetch-Site: same-site")).status, 403);
    const own = await post(`Origin: http://localhost:${port}`, "Sec-Fetch-Site: same-origin");
    assert.equal(own.status, 201);
    assert.ok(!/access-control/i.test(own.head));
    const preflight = await rawRequest(port, ["OPTIONS /queues/pages HTTP/1.1", `Host: localhost:${port}`]);
    assert.equal(preflight.status, 405);
  });

  test("a huge body is refused before it is read, said to be so or not", watchdog, async () => {
    const { port } = open;
    const head = ["POST /queues/huge HTTP/1.1", `Host: localhost:${port}`, "Content-Type: application/octet-stream"];
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    socket.on("error", () => undefined);
    // nothing of the body is sent
    socket.write(`${[...head, "Content-Length: 99999999999"].join("\r\n")}\r\n\r\n`);
    await closed(socket);
    assert.match(text, /^HTTP\/1\.1 413 /);

    const chunked = connect(port, "127.0.0.1");
    let answer = "";
    chunked.setEncoding("utf8").on("data", (part) => {
      answer += part;
    });
    chunked.on("error", () => undefined);
    chunked.write(`${[...head, "Transfer-Encoding: chunked"].join("\r\n")}\r\n\r\n`);
    const chunk = `1000\r\n${"x".repeat(0x1000)}\r\n`;
    const feed = (): void => {
      while (!chunked.destroyed && chunked.write(chunk));
    };
    chunked.on("drain", feed);
    feed();
    await closed(chunked);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    await goodClient(open.url);
  });

  test("unknown methods and broken requests are refused", watchdog, async () => {
    const { port } = open;
    const host = `Host: localhost:${port}`;
    for (const [line, status] of [
      ["TRACE /queues/x HTTP/1.1", 405],
      ["PATCH /queues/x HTTP/1.1", 405],
      ["HEAD /queues/x HTTP/1.1", 405],
      ["BREW /queues/x HTTP/1.1", 400],
      ["GET /queues/x HTTP/9.9", 400],
      ["GET\t/queues/x", 400],
    ] as const)
      assert.equal((await rawRequest(port, [line, host])).status, status, line);
    const smuggled = await rawRequest(port, [
      ...["POST /queues/x HTTP/1.1", host, "Content-Length: 3", "Transfer-Encoding: chunked"],
    ]);
    assert.equal(smuggled.status, 400);
    const long = await rawRequest(port, [`GET /queues/${"x".repeat(20_000)} HTTP/1.1`, host]);
    assert.ok(long.status >= 400 && long.status < 500, String(long.status));
    await goodClient(open.url);
  });

  test(
    "500 idle sockets and 50 bodies that come drop by drop are closed in the end, and a good client hardly notices them",
    watchdog,
    async (context) => {
      const quiet = await startGateway();
      context.after(() => quiet.end());
      const sockets: Socket[] = [];
      const answers = new Map<Socket, string>();
      for (let i = 0; i < 550; i++) {
        const socket = connect(open.port, "127.0.0.1");
        socket
          .on("error", () => undefined)
          .on("data", (data) => {
            answers.set(socket, (answers.get(socket) ?? "") + data);
          });
        sockets.push(socket);
      }
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      const slow = sockets.slice(0, 50);
      const head = ["POST /queues/slow HTTP/1.1", `Host: localhost:${open.port}`, "Content-Type: text/plain"];
      for (const socket of slow) socket.write(`${[...head, "Content-Length: 1000"].join("\r\n")}\r\n\r\n`);
      const drops = setInterval(() => {
        for (const socket of slow) if (socket.writable) socket.write("x");
      }, 200);
      context.after(() => clearInterval(drops));
      // whatever else the machine does slows down both gateways alike: so not how long it takes, but beside what
      const PAIRS = 60;
      let slower = 0;
      for (let i = 0; i < PAIRS; i++) {
        const [beside, alone] = [await timed(() => goodClient(open.url)), await timed(() => goodClient(quiet.url))];
        if (beside > 5 * alone + 20) slower++;
      }
      assert.ok(slower < PAIRS / 3, `${slower} of ${PAIRS} good clients waited far longer than beside nobody`);
      await Promise.all(sockets.map(closed));
      for (const socket of slow) assert.match(answers.get(socket) ?? "", /^HTTP\/1\.1 408 /);
      await goodClient(open.url);
    },
  );

  test(
    "a body whose sender vanishes in its middle puts nothing, and one that breaks off costs nobody else",
    watchdog,
    async () => {
      const { port } = open;
      const head = ["POST /queues/broken HTTP/1.1", `Host: localhost:${port}`, "Content-Type: text/plain"];
      for (let i = 0; i < 20; i++) {
        const socket = connect(port, "127.0.0.1").on("error", () => undefined);
        socket.write(`${[...head, "Content-Length: 1000"].join("\r\n")}\r\n\r\nhalf`, () => socket.resetAndDestroy());
        await closed(socket);
      }
      await goodClient(open.url);
      assert.equal((await fetch(`${open.url}/queues/broken`)).status, 204);
    },
  );

  test("what is too large for a body leaves its connection to the next request", watchdog, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (method: string, body: string) =>
      new Promise<[number, number | undefined]>((resolve, reject) => {
        const sent = request(`${open.url}/queues/kept-alive`, {
          method,
          agent,
          headers: { "content-type": "text/plain" },
        });
        sent.once("error", reject);
        sent.once("response", (response) => {
          const { localPort } = response.socket;
          response.resume().once("end", () => resolve([response.statusCode ?? 0, localPort]));
        });
        sent.end(body);
      });
    const [large, first] = await send("POST", "x".repeat(200_000));
    const [small, second] = await send("POST", "x");
    assert.deepEqual([large, small], [413, 201]);
    assert.equal(second, first, "another connection was made");
    agent.destroy();
  });
});

describe("a gateway with tokens", () => {
  after(() => guarded.end());
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test("smoke: who has a token is served, who has none is 401", watchdog, async () => {
    await goodClient(guarded.url, bearer(TOKENS.all));
    const refused = await fetch(`${guarded.url}/queues/jobs`);
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate") ?? "", /^Bearer /);
  });

  test("wrong tokens are all refused alike, wherever they lead", watchdog, async () => {
    for (const authorization of [
      ...[
        "Bearer",
        "Bearer ",
        "Bearer x",
        `Bearer ${TOKENS.all}x`,
        `Bearer ${TOKENS.all.slice(1)}`,
        `Basic ${TOKENS.all}`,
      ],
      ...[TOKENS.all, `Bearer ${TOKENS.all} ${TOKENS.all}`, `Bearer ${"x".repeat(5000)}`, `Bearer ${TOKENS.all},`],
    ])
      for (const path of ["/queues/jobs", "/nowhere", "/openapi.json"]) {
        const { status } = await fetch(`${guarded.url}${path}`, { headers: { authorization } });
        assert.equal(status, 401, `${authorization.slice(0, 40)} ${path}`);
      }
    await goodClient(guarded.url, bearer(TOKENS.all));
  });

  test("a token does what it is for, with the objects it is for", watchdog, async () => {
    const ask = async (token: string, method: string, path: string) => {
      const body = method === "POST" && !path.includes("purge") ? "1" : undefined;
      const headers = { ...bearer(token), ...(body && { "content-type": "application/json" }) };
      return (await fetch(`${guarded.url}${path}`, { method, headers, ...(body && { body }) })).status;
    };
    const { reader, writer, all } = TOKENS;
    assert.equal(await ask(writer, "POST", "/queues/jobs-1"), 201);
    assert.equal(await ask(writer, "GET", "/queues/jobs-1"), 403);
    assert.equal(await ask(reader, "POST", "/queues/jobs-1"), 403);
    assert.equal(await ask(reader, "GET", "/queues/jobs-1?ack=auto"), 200);
    assert.equal(await ask(reader, "GET", "/queues/other"), 403);
    assert.equal(await ask(reader, "GET", "/queues/no%2Fjobs"), 403);
    assert.equal(await ask(reader, "POST", "/queues/jobs-1/purge"), 403);
    assert.equal(await ask(all, "POST", "/queues/jobs-1/purge"), 200);
    assert.equal(await ask(writer, "POST", "/topics/news"), 204);
    assert.equal(await ask(writer, "POST", "/topics/newspapers"), 403);
    assert.equal(await ask(writer, "GET", "/values/jobs"), 403);
    assert.equal(await ask(writer, "POST", "/locks/jobs"), 403);
  });
});
