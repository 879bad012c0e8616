import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, mock, test } from "node:test";
import { openTopic, serveGateway } from "interproc";
import { WebSocket } from "ws";
import { rawRequest } from "../inspector/raw-request.js";
import { SocketReader } from "./socket-reader.js";

const watchdog = { timeout: 60_000 };
const TOKEN = "sockets+0123456789/abcdef==";
const READER = "reader-0123456789-abcdef";
const bearer = (token: string): string => `interproc.bearer.${Buffer.from(token).toString("base64url")}`;

/** The status that a WebSocket is refused with. */
async function refusal(url: string, protocols: string[] = [], headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url, protocols, { headers });
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  socket.terminate();
  return response.statusCode;
}

describe("topics over WebSockets", () => {
  test(
    "smoke: what is published and matches the pattern comes as JSON, behind the word that it is open",
    watchdog,
    async () => {
      await using server = await serveGateway();
      await using topic = await openTopic("shm:socket-prices");
      const reader = new SocketReader(`${server.url.replace("http", "ws")}/topics/socket-prices?pattern=eu.%23`);
      assert.deepEqual(await reader.next(), { open: true });
      await topic.publish(1, { key: "us.a" });
      await topic.publish({ eur: 2 }, { key: "eu.a" });
      await topic.publish(new Uint8Array([1]), { key: "eu.b" });
      await topic.publish(new Map(), { key: "eu.c" });
      assert.deepEqual(await reader.next(), { key: "eu.a", value: { eur: 2 }, missed: 0 });
      assert.deepEqual(await reader.next(), { key: "eu.b", base64: "AQ==", missed: 0 });
      assert.deepEqual(await reader.next(), { key: "eu.c", error: "JSON cannot carry the value", missed: 0 });
      await reader.close();
    },
  );

  test("a token goes in a header or as a subprotocol, which is not said back", watchdog, async () => {
    await using server = await serveGateway({ tokens: [TOKEN, { token: READER, read: ["topics/news"] }] });
    const url = `${server.url.replace("http", "ws")}/topics/news`;
    for (const [protocols, headers] of [
      [["interproc.topic.json", bearer(TOKEN)], {}],
      [[bearer(READER), "interproc.topic.json"], {}],
      [[], { authorization: `Bearer ${READER}` }],
    ] as const) {
      const reader = new SocketReader(url, [...protocols], headers);
      assert.deepEqual(await reader.next(), { open: true });
      assert.equal(reader.socket.protocol, protocols.length > 0 ? "interproc.topic.json" : "");
      await reader.close();
    }
    assert.equal(await refusal(url), 401);
    assert.equal(await refusal(url, ["interproc.topic.json", bearer(`${TOKEN}x`)]), 401);
    assert.equal(await refusal(`${url}papers`, ["interproc.topic.json", bearer(READER)]), 403);
    assert.equal(await refusal(url.replace("topics", "queues"), [bearer(TOKEN)]), 400);
    assert.equal(await refusal(url.replace("topics", "nothing"), [bearer(TOKEN)]), 404);
    assert.equal(await refusal(`${url}?pattern=a*`, [bearer(TOKEN)]), 400);
    assert.equal(await refusal(`${url}?weight=1`, [bearer(TOKEN)]), 400);
  });

  test("pages of other origins are refused, with a token and without, unless origins has them", watchdog, async () => {
    const page = "https://example.org";
    for (const tokens of [undefined, [TOKEN]]) {
      await using server = await serveGateway({ origins: [page], ...(tokens && { tokens }) });
      const url = `${server.url.replace("http", "ws")}/topics/pages`;
      const protocols = ["interproc.topic.json", bearer(TOKEN)];
      for (const origin of ["https://evil.example", "null", "http://localhost:1", "https://example.org.evil.example"])
        assert.equal(await refusal(url, protocols, { origin }), 403, origin);
      for (const origin of [page, server.url]) {
        const reader = new SocketReader(url, protocols, { origin });
        assert.deepEqual(await reader.next(), { open: true });
        await reader.close();
      }
    }
  });

  test("a Host that is not the gateway's is refused, and so is a broken handshake", watchdog, async () => {
    await using server = await serveGateway();
    const upgrade = (host: string, ...lines: string[]) =>
      rawRequest(server.port, ["GET /topics/hosts HTTP/1.1", `Host: ${host}`, "Upgrade: websocket", ...lines]);
    const handshake = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];
    assert.equal((await upgrade(`localhost:${server.port}`, ...handshake)).status, 101);
    for (const host of ["evil.example", `localhost.:${server.port}`, `0177.0.0.1:${server.port}`])
      assert.equal((await upgrade(host, ...handshake)).status, 403, host);
    assert.equal((await upgrade(`localhost:${server.port}`)).status, 400);
    assert.equal((await upgrade(`localhost:${server.port}`, handshake[0], "Sec-WebSocket-Version: 7")).status, 400);
  });

  test("who offers another protocol is answered without it, body and all, as before anybody heard WebSockets", watchdog, async (context) => {
    const servers = [await serveGateway({ prefix: "/ipc" })];
    context.after(() => Promise.all(servers.map((one) => one.close())));
    for (const { port } of servers) {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1").on("data", (part) => {
        text += part;
      });
      const answers = async (count: number): Promise<string[]> => {
        while ((text.match(/^HTTP\/1\.1 /gm) ?? []).length < count || !text.endsWith("\r\n\r\n")) await once(socket, "data");
        return [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
      };
      const offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"];
      const head = (line: string, ...more: string[]) =>
        `${[line, `Host: localhost:${port}`, ...offer, ...more].join("\r\n")}\r\n\r\n`;
      socket.write(head("POST /ipc/queues/h2c HTTP/1.1", "Content-Type: application/json", "Content-Length: 7") + '{"n"');
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(":1}");
      assert.deepEqual(await answers(1), ["201"]);
      socket.write(head("GET /ipc/queues/h2c/taken HTTP/1.1"));
      assert.equal((await once(socket, "data").then(() => /HTTP\/1\.1 404/.test(text))), true);
      socket.destroy();
      const taken = await fetch(`http://127.0.0.1:${port}/ipc/queues/h2c?ack=auto`);
      assert.deepEqual(await taken.json(), { n: 1 });
      // nobody else hears upgrades: what is outside of the prefix is not left hanging
      assert.equal(await refusal(`ws://127.0.0.1:${port}/elsewhere`), 404);
    }
  });

  test("who sends something is told that nothing is sent here, and a huge message is refused", watchdog, async () => {
    await using server = await serveGateway();
    const url = `${server.url.replace("http", "ws")}/topics/chatter`;
    for (const [size, expected] of [
      [5, 1003],
      [1 << 20, 1009],
    ]) {
      const socket = new WebSocket(url);
      await once(socket, "open");
      socket.send("x".repeat(size));
      const [code] = (await once(socket, "close")) as [number];
      assert.equal(code, expected);
    }
  });

  test(
    "a slow reader is waited for, is told how much it missed, and costs no more than its place",
    watchdog,
    async () => {
      await using server = await serveGateway();
      await using topic = await openTopic<Uint8Array>("shm:socket-slow");
      const url = `${server.url.replace("http", "ws")}/topics/socket-slow`;
      const slow = new WebSocket(url, ["interproc.topic.frames"]);
      await once(slow, "message");
      const heads: { key: string; missed: number }[] = [];
      slow.on("message", (frame: Buffer) => {
        heads.push(JSON.parse(frame.subarray(4, 4 + frame.readUInt32LE(0)).toString()));
      });
      slow.pause();
      const TOTAL = 3000;
      // longer ones would be kept outside of the topic's 256 KiB
      const body = new Uint8Array(32 * 1024);
      for (let n = 0; n < TOTAL; n++) await topic.publish(body, { key: `n.${n}` });
      slow.resume();
      while (heads.at(-1)?.key !== `n.${TOTAL - 1}`) await once(slow, "message");
      assert.equal(heads.length + (heads.at(-1)?.missed ?? 0), TOTAL);
      // whatever was kept for it anywhere has come: in the topic, the gateway and the system, whose part is up to 36 MiB
      const kept = heads.length * body.length;
      assert.ok(kept < 56 * 2 ** 20, `${kept} bytes were kept for a reader that read nothing`);
      slow.terminate();
    },
  );

  test("who does not answer pings is gone after two of them, and who does stays", watchdog, async (context) => {
    mock.timers.enable({ apis: ["setInterval"] });
    context.after(() => mock.timers.reset());
    await using server = await serveGateway();
    const url = `${server.url.replace("http", "ws")}/topics/pings`;
    const living = new SocketReader(url);
    await living.next();
    const silent = connect(server.port, "127.0.0.1");
    silent.write(
      `GET /topics/pings HTTP/1.1\r\nHost: localhost:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    let text = "";
    silent.setEncoding("latin1").on("data", (part) => {
      text += part;
    });
    while (!text.includes('{"open":true}')) await once(silent, "data");
    const closed = once(silent, "close");
    for (let beat = 0; beat < 3; beat++) {
      mock.timers.tick(15_000);
      if (beat < 2) await once(living.socket, "ping");
      // behind its answer to the ping
      living.socket.ping();
      await once(living.socket, "pong");
    }
    await closed;
    assert.equal(living.socket.readyState, WebSocket.OPEN);
    await living.close();
  });

  test(
    "one stream more than maxStreams is 429, whatever it is, and a place is free when one has ended",
    watchdog,
    async () => {
      await using server = await serveGateway({ maxStreams: 2 });
      const url = `${server.url}/topics/places`;
      const socket = new SocketReader(url.replace("http", "ws"));
      await socket.next();
      const events = new AbortController();
      const streaming = await fetch(url, { signal: events.signal });
      assert.equal(streaming.status, 200);
      assert.equal(await refusal(url.replace("http", "ws")), 429);
      for (const path of ["/topics/places", "/session"]) {
        const refused = await fetch(server.url + path);
        assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"], path);
      }
      const isFree = async (): Promise<boolean> => {
        const tried = new AbortController();
        const { status } = await fetch(url, { signal: tried.signal });
        tried.abort();
        return status === 200;
      };
      await socket.close();
      while (!(await isFree()));
      events.abort();
      while (!(await isFree()));
      assert.equal(streaming.bodyUsed, false);
    },
  );

  test("the gateway's end is a close that says so, also to who reads nothing", watchdog, async () => {
    const server = await serveGateway();
    await using topic = await openTopic<string>("shm:socket-ends");
    const url = `${server.url.replace("http", "ws")}/topics/socket-ends`;
    const [open, stuck] = [new SocketReader(url), new SocketReader(url)];
    for (const one of [open, stuck]) await one.next();
    stuck.socket.pause();
    for (let n = 0; n < 100; n++) await topic.publish("x".repeat(100_000));
    const closed = once(open.socket, "close");
    open.socket.resume();
    await server.close();
    assert.equal((await closed)[0], 1001);
    stuck.socket.terminate();
  });
});
