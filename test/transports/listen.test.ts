import assert from "node:assert/strict";
import { once } from "node:events";
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  type AsyncConnection,
  connect,
  type Listener,
  listen,
  openQueue,
  type Peer,
  pipe,
  Queue,
  serveGateway,
  UsageError,
  wait,
} from "interproc";
import { WebSocket, WebSocketServer } from "ws";
import { codes } from "../contract/connection-kind.js";
import { RunningProgram } from "../processes/running.js";
import { TestCertificates } from "./test-certificates.js";

const watchdog = { timeout: 60_000 };
const refused = { code: "ERR_INTERPROC_AUTHENTICATION" };
const folder = mkdtempSync(join(tmpdir(), "interproc-listen-"));
after(() => rmSync(folder, { recursive: true }));
let paths = 0;
const freshPath = (): string => join(folder, `s${++paths}`);

/** Leaves the name of a listener behind that was killed. */
async function killListenerAt(path: string): Promise<void> {
  const program = new RunningProgram("listening", "accept", `unix:${path}`);
  await program.line();
  program.kill();
  assert.equal(await program.line(), undefined);
  assert.ok(lstatSync(path).isSocket());
}

async function pairAt(listener: Listener): Promise<[AsyncConnection, AsyncConnection]> {
  const accepting = listener.accept();
  return Promise.all([connect(listener.address), accepting]);
}

describe("addresses", watchdog, () => {
  test("smoke: what is no address of ours is refused, with what is allowed", async () => {
    for (const url of [
      "",
      "tcp",
      "tcp:127.0.0.1:80",
      "tcp://host",
      "tcp://h:1/path",
      "tcp://u:p@h:1",
      "ftp://h:1",
      "unix:",
    ])
      await assert.rejects(connect(url), { ...codes.usage, message: /allowed: unix:\/path, tcp:/ }, url);
    for (const url of [
      "unix:a\0b",
      "shm:",
      "fd:x",
      "fd:1,2,3",
      "stdio:x",
      "udp://127.0.0.1:1",
      "tcp://127.0.0.1:70000",
    ])
      await assert.rejects(connect(url), codes.usage, url);
    for (const url of ["fd:3", "stdio:"]) await assert.rejects(listen(url), codes.usage, url);
    await assert.rejects(connect(7 as unknown as string), codes.usage);
  });

  test("options that are none are refused, with what is allowed", async () => {
    const url = "tcp://127.0.0.1:0";
    const wrong = [
      { framing: "xml" },
      { codec: "xml" },
      { codec: { encode: 1 } },
      { authkey: "" },
      { authkey: new Uint8Array(0) },
      { authkey: 5 },
      { md5: true },
      { framing: "raw", authkey: "k" },
      { framing: "lines", authkey: "k" },
      { schema: {} },
      { maxMessage: 0 },
      { maxMessage: 1.5 },
      { handshakeTimeout: -1 },
      { maxConnections: 0 },
      { allow: "all" },
      { allow: { uids: ["0"] } },
      { allow: null },
      null,
      5,
    ];
    for (const options of wrong)
      await assert.rejects(listen(url, options as object), codes.usage, JSON.stringify(options));
    const text = { maxMessage: "1" as unknown as number };
    await assert.rejects(listen(url, text), { ...codes.usage, message: /maxMessage is "1"; allowed: 1 or more/ });
  });

  test("certificates that cannot be read are a UsageError on either side, and at reload()", async () => {
    const unreadable = { ...codes.usage, message: /cannot be used: .*PEM/ };
    const none = { cert: "none", key: "none" };
    for (const scheme of ["tls", "wss"])
      await assert.rejects(listen(`${scheme}://127.0.0.1:0`, { tls: none }), unreadable, scheme);
    await using listener = await listen("tcp://127.0.0.1:0");
    await assert.rejects(connect(listener.address.replace("tcp", "tls"), { tls: none }), unreadable);
  });

  test("nobody there: a refused connection is retryable, a missing path or name is not found", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    const none = { code: "ERR_INTERPROC_SYSTEM", errno: "ECONNREFUSED", retryable: true };
    await assert.rejects(connect(`tcp://127.0.0.1:${port}`), none);
    await assert.rejects(connect(`ws://127.0.0.1:${port}`), none);
    await assert.rejects(connect(`unix:${freshPath()}`), { code: "ERR_INTERPROC_NOT_FOUND" });
    await assert.rejects(connect("shm:nobody-listens-here"), {
      code: "ERR_INTERPROC_NOT_FOUND",
      message: "connect() of shm:nobody-listens-here: nobody listens there",
    });
    await assert.rejects(connect("shm://a-host-too"), { ...codes.usage, message: /a name has no slash/ });
    await assert.rejects(listen(`unix:${join(folder, "no", "folder")}`), { code: "ERR_INTERPROC_NOT_FOUND" });
    await assert.rejects(listen(`unix:/tmp/${"long".repeat(30)}`), codes.usage);
  });

  test("[case 31] an address that somebody listens at already is an ExistsError, and free again after close()", async () => {
    for (const url of ["tcp://127.0.0.1:0", `unix:${freshPath()}`, "ws://127.0.0.1:0", `shm:twice-${process.pid}`]) {
      const first = await listen(url);
      const taken = { code: "ERR_INTERPROC_EXISTS", message: new RegExp(`^listen\\(\\) of ${first.address}: `) };
      await assert.rejects(listen(first.address), taken, url);
      await first.close();
      await first.close();
      assert.equal(first.closed, true);
      await assert.rejects(first.accept(), codes.closed);
      await using again = await listen(first.address);
      assert.equal(again.address, first.address);
    }
  });

  test("listening for other machines needs TLS, an authkey or the word", async () => {
    await assert.rejects(listen("tcp://0.0.0.0:0"), { ...codes.usage, message: /insecure: true/ });
    await assert.rejects(listen("ws://[::]:0"), codes.usage);
    for (const options of [{ authkey: "k" }, { insecure: true }])
      await (await listen("tcp://0.0.0.0:0", options)).close();
  });
});

describe("a listener", watchdog, () => {
  test("smoke: hands out those who connect, in order, in a loop that ends with it", async () => {
    const listener = await listen("tcp://127.0.0.1:0");
    const seen: Peer[] = [];
    const serving = (async () => {
      for await (const conn of listener) {
        seen.push(conn.peer);
        conn.close();
        if (seen.length === 3) await listener.close();
      }
    })();
    for (let i = 0; i < 3; i++) {
      const conn = await connect(listener.address);
      await assert.rejects(conn.recv(), codes.end);
      conn.close();
    }
    await serving;
    assert.deepEqual(
      seen.map(({ transport }) => transport),
      ["tcp", "tcp", "tcp"],
    );
    assert.match(String(seen[0].address), /^tcp:\/\/127\.0\.0\.1:\d+$/);
  });

  test("accept() takes a timeout and a signal, and what it gave up takes nobody", async () => {
    await using listener = await listen("tcp://127.0.0.1:0");
    await assert.rejects(listener.accept({ timeout: 5 }), codes.timeout);
    const controller = new AbortController();
    const aborted = assert.rejects(listener.accept({ signal: controller.signal }), { name: "AbortError" });
    controller.abort();
    await aborted;
    const [client, served] = await pairAt(listener);
    await client.send("to the third");
    assert.equal(await served.recv(), "to the third");
    client.close();
    served.close();
  });

  test("[case 32] a client that connected, sent and has left already still yields its message", async () => {
    for (const url of ["tcp://127.0.0.1:0", `unix:${freshPath()}`, "ws://127.0.0.1:0", `shm:left-${process.pid}`]) {
      await using listener = await listen(url);
      const client = await connect(listener.address);
      await client.send("last words");
      client.close();
      const served = await listener.accept();
      assert.equal(await served.recv(), "last words", url);
      await assert.rejects(served.recv(), codes.end);
      served.close();
    }
  });

  test("what was accepted stays when it is closed; what nobody had accepted ends", async () => {
    for (const url of ["tcp://127.0.0.1:0", "ws://127.0.0.1:0", `shm:stays-${process.pid}`]) {
      const listener = await listen(url);
      const [client, served] = await pairAt(listener);
      const unseen = await connect(listener.address);
      await listener.close();
      await served.send("still here");
      assert.equal(await client.recv(), "still here");
      await assert.rejects(unseen.recv(), codes.end, url);
      for (const conn of [client, served, unseen]) conn.close();
    }
  });

  test("takes no more than maxConnections, says so, and more once one has left", async () => {
    const told: Error[] = [];
    const options = { maxConnections: 2, onRefused: (error: Error) => told.push(error) };
    await using listener = await listen("tcp://127.0.0.1:0", options);
    const [one, oneServed] = await pairAt(listener);
    const [two, twoServed] = await pairAt(listener);
    const third = await connect(listener.address);
    await assert.rejects(third.recv(), codes.end);
    assert.match(told[0].message, /at most 2 \(maxConnections\)/);
    assert.deepEqual([listener.connections, listener.refusedConnections], [2, 1]);
    one.close();
    oneServed.close();
    for (;;) {
      const next = await connect(listener.address);
      const accepted = await listener.accept({ timeout: 200 }).catch(() => undefined); // the place is free once both ends are
      next.close();
      accepted?.close();
      if (accepted) break;
    }
    for (const conn of [two, twoServed, third]) conn.close();
  });

  test("can be waited for beside other things", async () => {
    await using listener = await listen("tcp://127.0.0.1:0");
    assert.deepEqual(await wait([listener], { timeout: 5 }), []);
    const waiting = wait([listener]);
    const client = await connect(listener.address);
    assert.deepEqual(await waiting, [listener]);
    (await listener.accept()).close();
    client.close();
  });

  test("idle, it keeps no process alive; a pending accept does", async () => {
    const idle = new RunningProgram("listening", "idle");
    assert.match(String(await idle.line()), /^tcp:/);
    assert.equal(await idle.line(), undefined, "it has ended");
    const waiting = new RunningProgram("listening", "accept");
    const conn = await connect(String(await waiting.line()));
    assert.equal(await conn.recv(), "welcome");
    conn.close();
    assert.equal(await waiting.line(), undefined, "it has ended");
  });
});

describe("a unix socket", watchdog, () => {
  test("smoke: has mode 0600 under its name from the first moment on, leaves nothing beside it, and knows its peer", async () => {
    const path = freshPath();
    const before = readdirSync(folder).length;
    const listener = await listen(`unix:${path}`);
    assert.equal(lstatSync(path).mode & 0o777, 0o600);
    assert.equal(readdirSync(folder).length, before + 1);
    const [client, served] = await pairAt(listener);
    for (const { peer } of [client, served]) {
      assert.equal(peer.transport, "unix");
      assert.equal(peer.pid, process.pid);
      assert.equal(peer.uid, process.getuid?.());
    }
    await listener.close();
    assert.equal(readdirSync(folder).length, before);
    client.close();
    served.close();
  });

  test("the name of a listener that was killed is taken over; a file that is no socket is left alone", async () => {
    const path = freshPath();
    await killListenerAt(path);
    await using listener = await listen(`unix:${path}`);
    const [client, served] = await pairAt(listener);
    client.close();
    served.close();
    const file = freshPath();
    writeFileSync(file, "precious");
    await assert.rejects(listen(`unix:${file}`), { code: "ERR_INTERPROC_EXISTS" });
    assert.ok(lstatSync(file).isFile());
  });

  test("many who want one stale name at once: exactly one has it", async () => {
    const path = freshPath();
    await killListenerAt(path);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => listen(`unix:${path}`)));
    const winners = outcomes.filter((one) => one.status === "fulfilled");
    assert.equal(winners.length, 1);
    for (const one of outcomes)
      if (one.status === "rejected") assert.equal((one.reason as { code: string }).code, "ERR_INTERPROC_EXISTS");
    const client = await connect(`unix:${path}`);
    client.close();
    await winners[0].value.close();
  });

  test("only those who may: a rule that says no is an AuthenticationError on this side and an end on the other", async () => {
    const seen: Peer[] = [];
    const allow = (peer: Peer): boolean => {
      seen.push(peer);
      return false;
    };
    await using listener = await listen(`unix:${freshPath()}`, { allow });
    const client = await connect(listener.address);
    await assert.rejects(listener.accept(), refused);
    await assert.rejects(client.recv(), codes.end);
    assert.equal(seen[0].pid, process.pid);
    client.close();
    await using nobody = await listen(`unix:${freshPath()}`, { allow: { uids: [123_456] } });
    assert.equal(lstatSync(nobody.address.slice("unix:".length)).mode & 0o777, 0o666);
    const stranger = await connect(nobody.address);
    await assert.rejects(nobody.accept(), { ...refused, message: /123456/ });
    stranger.close();
    await assert.rejects(connect(listener.address, { allow: { uids: [123_456] } }), refused);
  });
});

describe("an authkey", watchdog, () => {
  for (const url of ["tcp://127.0.0.1:0", "ws://127.0.0.1:0", `shm:key-${process.pid}`])
    test(`[case 33] a wrong one is an AuthenticationError on both sides, and the listener goes on (${url.slice(0, 3)})`, async () => {
      await using listener = await listen(url, { authkey: "right" });
      const accepting = assert.rejects(listener.accept(), refused);
      await assert.rejects(connect(listener.address, { authkey: "wrong" }), refused);
      await accepting;
      const next = listener.accept();
      const client = await connect(listener.address, { authkey: Buffer.from("right") });
      await client.send("in");
      const served = await next;
      assert.equal(await served.recv(), "in");
      client.close();
      served.close();
    });

  test("[case 36] on one side only it is an AuthenticationError on both, never a hang", async () => {
    for (const framing of ["length", "python"] as const) {
      await using asking = await listen("tcp://127.0.0.1:0", { framing, authkey: "k" });
      const accepting = assert.rejects(asking.accept(), refused);
      const keyless = await connect(asking.address, { framing });
      await assert.rejects(keyless.recv(), refused);
      await assert.rejects(keyless.send(1), refused);
      await accepting;
      keyless.close();
      await using open = await listen("tcp://127.0.0.1:0", { framing });
      const serving = open.accept();
      const connecting = connect(open.address, { framing, authkey: "k", handshakeTimeout: 200 });
      const served = await serving;
      await assert.rejects(connecting, { ...refused, message: /within 200 ms.*perhaps it has no authkey/ });
      await assert.rejects(served.recv(), refused);
      served.close();
    }
  });

  test("[case 36] on one side only, over shared memory, it is told at once by the one who connects", async () => {
    const address = `shm:one-sided-${process.pid}`;
    const asking = await listen(address, { authkey: "k" });
    const accepting = assert.rejects(asking.accept(), refused);
    await assert.rejects(connect(address), { ...refused, message: /asks for an authkey, and this one has none/ });
    await accepting;
    await asking.close();
    await using open = await listen(address);
    const serving = open.accept();
    await assert.rejects(connect(address, { authkey: "k" }), { ...refused, message: /the listener has none/ });
    const served = await serving;
    await assert.rejects(served.recv(), codes.end);
    served.close();
  });

  test("[case 35] a silent client holds nobody up, and is dropped at its deadline", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { authkey: "k", handshakeTimeout: 300 });
    const port = Number(new URL(listener.address.replace("tcp", "http")).port);
    const silent = connectSocket(port, "127.0.0.1");
    await once(silent, "connect");
    const closed = once(silent.resume(), "close");
    const accepting = listener.accept();
    const client = await connect(listener.address, { authkey: "k" });
    const served = await accepting;
    await closed;
    await assert.rejects(listener.accept(), refused);
    client.close();
    served.close();
  });

  test("[case 24] an object in shared memory, also an end of a pipe, is refused where it cannot go, and works on", async () => {
    using queue = new Queue<number>();
    const [mine, theirs] = pipe<number>();
    for (const url of ["tcp://127.0.0.1:0", `unix:${freshPath()}`, "ws://127.0.0.1:0"]) {
      await using listener = await listen(url);
      const client = await connect(listener.address);
      const served = await listener.accept();
      for (const value of [queue, theirs, { deep: [theirs] }])
        await assert.rejects(client.send(value), codes.codec, url);
      await client.send("after");
      assert.equal(await served.recv(), "after");
      client.close();
      served.close();
    }
    await theirs.send(1);
    assert.equal(await mine.recv(), 1);
    mine.close();
    theirs.close();
  });

  test("[case 25] a message that stops in its middle: receiving waits no longer than its timeout, and ends when the peer does", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { framing: "python" });
    const socket = connectSocket(Number(new URL(listener.address.replace("tcp", "http")).port), "127.0.0.1");
    const served = await listener.accept();
    socket.write(Buffer.from("0000002061", "hex"));
    await assert.rejects(served.recv({ timeout: 20 }), { code: "ERR_INTERPROC_TIMEOUT" });
    const waiting = assert.rejects(served.recv(), codes.end);
    socket.end();
    await waiting;
    served.close();
  });

  test("[case 34] junk in place of a handshake, however long it says it is, is refused before it is kept", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { authkey: "k" });
    const port = Number(new URL(listener.address.replace("tcp", "http")).port);
    const junk = [
      [0, 0, 0, 3, 1, 2, 3],
      [0, 0, 2, 0, ...new Array(512).fill(65)],
      [63, 0, 0, 0],
      [255, 255, 255, 254],
      [0, 0, 0, 0],
    ];
    for (const bytes of junk) {
      const socket = connectSocket(port, "127.0.0.1");
      const closed = once(socket.resume(), "close");
      socket.write(Uint8Array.from(bytes));
      await assert.rejects(listener.accept(), refused, String(bytes.slice(0, 8)));
      socket.end();
      await closed;
    }
    const keyless = connectSocket(port, "127.0.0.1");
    await once(keyless, "connect");
    keyless.destroy();
    await assert.rejects(listener.accept(), refused);
  });
});

describe("WebSockets", watchdog, () => {
  test("smoke: a page's origin must be the listener's own, or allowed", async () => {
    await using listener = await listen("ws://127.0.0.1:0", { origins: ["https://friend.example"] });
    const port = new URL(listener.address.replace("ws", "http")).port;
    const from = async (origin: string): Promise<string> => {
      const socket = new WebSocket(listener.address, { origin });
      const how = await once(socket, "open").then(
        () => "open",
        () => "refused",
      );
      socket.on("error", () => undefined);
      socket.terminate();
      return how;
    };
    assert.equal(await from("https://evil.example"), "refused");
    assert.equal(await from(`http://127.0.0.1:${port}`), "open");
    assert.equal(await from("https://friend.example"), "open");
    assert.equal(await from(`http://127.0.0.1:${port}.evil.example`), "refused");
  });

  test("programs that are not interproc get messages as they are: text for codecs of text, bytes for others", async () => {
    await using listener = await listen("ws://127.0.0.1:0", { codec: "json" });
    const socket = new WebSocket(listener.address);
    const served = await listener.accept();
    await once(socket, "open");
    socket.send('{"from":"a page"}');
    assert.deepEqual(await served.recv(), { from: "a page" });
    await served.send({ to: "the page" });
    const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
    assert.deepEqual([data.toString(), isBinary], ['{"to":"the page"}', false]);
    socket.send("no json");
    await assert.rejects(served.recv(), codes.codec);
    socket.send(Buffer.from("[1]"));
    assert.deepEqual(await served.recv(), [1]);
    socket.close();
    await assert.rejects(served.recv(), codes.end);
    served.close();
  });

  test("a server that knows no subprotocols is spoken to in plain messages", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    server.on("connection", (socket) =>
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    const conn = await connect(`ws://127.0.0.1:${(server.address() as { port: number }).port}`, { codec: "json" });
    await conn.send({ echoed: true });
    assert.deepEqual(await conn.recv(), { echoed: true });
    conn.close();
    server.close();
  });

  test("another path is 404, plain HTTP is told, a message too long ends that connection only", async () => {
    await using listener = await listen("ws://127.0.0.1:0/chat?room=1", { maxMessage: 1000 });
    assert.match(listener.address, /\/chat\?room=1$/);
    const http = listener.address.replace("ws", "http");
    assert.equal((await fetch(http)).status, 426);
    await assert.rejects(connect(http.replace("http", "ws").replace("chat", "other")), /404/);
    const [client, served] = await pairAt(listener);
    const socket = new WebSocket(listener.address);
    const victim = await listener.accept();
    socket.on("error", () => undefined);
    await once(socket, "open");
    socket.send(new Uint8Array(1001));
    await assert.rejects(victim.recv(), codes.protocol);
    await assert.rejects(
      client.send("x".repeat(2000)).then(() => served.recv()),
      codes.protocol,
    );
    for (const conn of [client, served, victim]) conn.close();
  });
});

describe("what is no certificate", watchdog, () => {
  const nonsense = { cert: "nonsense", key: "nonsense" };
  for (const [what, attempt] of [
    ["a listener", () => listen("tls://localhost:0", { tls: nonsense })],
    ["a listener of WebSockets", () => listen("wss://localhost:0/", { tls: nonsense })],
    ["a gateway", () => serveGateway({ tls: nonsense })],
    ["a client", () => connect("tls://localhost:9", { tls: nonsense })],
    ["a client of WebSockets", () => connect("wss://localhost:9/", { tls: nonsense })],
    ["a client of a gateway", () => openQueue("https://localhost:9/queues/jobs", { tls: nonsense })],
  ] as const)
    test(`${what} refuses it as a UsageError that says what is allowed`, async () => {
      await assert.rejects(attempt, (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(
          error.message,
          /tls\.cert and tls\.key cannot be used: .*; allowed: a certificate and its key in PEM/,
        );
        return true;
      });
    });

  test("an authority that is none is not passed over", async () => {
    await assert.rejects(connect("tls://localhost:9", { tls: { ca: "nonsense" } }), /tls\.ca has no certificate in it/);
    await assert.rejects(connect("tls://localhost:9", { tls: { ca: 5 as never } }), /tls\.ca is number; allowed: PEM/);
  });
});

describe("TLS", { ...watchdog, skip: TestCertificates.missing }, () => {
  test("smoke: certificates are renewed without a restart; who is open stays open", async () => {
    using certificates = new TestCertificates();
    const { ca } = certificates;
    await using listener = await listen("tls://localhost:0", { tls: certificates.server });
    const options = { tls: { ca } };
    const old = await connect(listener.address, options);
    const oldServed = await listener.accept();
    certificates.renew();
    listener.reload(certificates.server);
    const fresh = await connect(listener.address, options);
    const freshServed = await listener.accept();
    for (const [a, b] of [
      [old, oldServed],
      [fresh, freshServed],
    ]) {
      await a.send("over TLS");
      assert.equal(await b.recv(), "over TLS");
      a.close();
      b.close();
    }
    await using plain = await listen("tcp://127.0.0.1:0");
    assert.throws(() => plain.reload(certificates.server), codes.usage);
  });

  test("an authority that is not known, a name that is not in it and a client without a certificate are refused", async () => {
    using certificates = new TestCertificates();
    using others = new TestCertificates();
    const { ca, server, client } = certificates;
    await using listener = await listen("tls://localhost:0", { tls: { ...server, ca } });
    await assert.rejects(connect(listener.address, { tls: { ca: others.ca } }), refused);
    await assert.rejects(connect(listener.address, { tls: { ...client, ca, servername: "other.example" } }), refused);
    const stranger = await connect(listener.address, { tls: { ca } }).catch((error: Error) => error);
    if (stranger instanceof Error) assert.equal((stranger as { code?: string }).code, refused.code);
    else
      await assert.rejects(stranger.recv(), (error: { code: string }) =>
        ["ERR_INTERPROC_EOF", refused.code].includes(error.code),
      );
    await assert.rejects(listener.accept(), refused);
    await assert.rejects(listen("tls://localhost:0"), { ...codes.usage, message: /cert/ });
    const known = await connect(listener.address, { tls: { ...client, ca } });
    for (;;) {
      const served = await listener.accept().catch(() => undefined); // those before were refused
      if (!served) continue;
      await known.send("known");
      assert.equal(await served.recv(), "known");
      served.close();
      break;
    }
    known.close();
  });
});

describe("a schema", watchdog, () => {
  const numbers = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) =>
        typeof value === "number"
          ? { value: value * 2 }
          : { issues: [{ message: "a number was expected", path: ["a", { key: 0 }] }] },
    },
  };
  const later = {
    "~standard": { ...numbers["~standard"], validate: async (value: unknown) => numbers["~standard"].validate(value) },
  };
  for (const url of ["tcp://127.0.0.1:0", `shm:schema-${process.pid}`])
    for (const [name, schema] of Object.entries({ numbers, later }))
      test(`checks and changes what arrives, and costs a message only (${url.slice(0, 3)}, ${name})`, async () => {
        await using listener = await listen<unknown, number>(url, { schema });
        const accepting = listener.accept();
        const client = await connect(listener.address);
        const served = await accepting;
        await client.sendMany([1, "two", 3, 4]);
        assert.equal(await served.recv(), 2);
        await assert.rejects(served.recv(), { ...codes.codec, message: /a\.0: a number was expected/ });
        assert.equal(await served.recv(), 6);
        for await (const value of served) {
          assert.equal(value, 8);
          break;
        }
        client.close();
        served.close();
      });
});

describe("what was sent", watchdog, () => {
  const piece = (i: number): string => `${i}`.padEnd(10_000, "x");
  for (const url of ["tcp://127.0.0.1:0", "unix:", "ws://127.0.0.1:0"]) {
    const at = (): string => (url === "unix:" ? url + freshPath() : url);
    test(`arrives although its sender closes with messages of the other side unread (${url.slice(0, 4)})`, async () => {
      await using listener = await listen(at());
      const [client, served] = await pairAt(listener);
      for (let i = 0; i < 12; i++) await client.send(piece(i)); // nobody reads them
      for (let i = 0; i < 12; i++) await served.send(piece(i));
      served.close();
      await client.send("into the void").catch(() => undefined);
      for (let i = 0; i < 12; i++) assert.equal(await client.recv(), piece(i));
      await assert.rejects(client.recv(), codes.end);
      client.close();
    });

    test(`can be read after a send to the peer that has closed has failed (${url.slice(0, 4)})`, async () => {
      await using listener = await listen(at());
      const [client, served] = await pairAt(listener);
      for (let i = 0; i < 12; i++) await served.send(piece(i));
      served.close();
      const broken = async (): Promise<void> => {
        for (;;) await client.send("is anybody there?");
      };
      await assert.rejects(broken(), codes.broken);
      for (let i = 0; i < 12; i++) assert.equal(await client.recv(), piece(i));
      await assert.rejects(client.recv(), codes.end);
      client.close();
    });
  }
});

describe("half a close", watchdog, () => {
  test("smoke: after closeSending() the peer reads to the end, and can still answer", async () => {
    for (const url of ["tcp://127.0.0.1:0", `unix:${freshPath()}`, "ws://127.0.0.1:0"]) {
      await using listener = await listen(url);
      const [client, served] = await pairAt(listener);
      const sending = client.sendMany([1, 2, 3]);
      await client.closeSending?.();
      await sending;
      let sum = 0;
      for await (const value of served) sum += value as number;
      await served.send(sum);
      assert.equal(await client.recv(), 6, url);
      client.close();
      served.close();
    }
  });

  test("what is sent after closeSending() is a ClosedError, and the answer still comes", async () => {
    for (const url of ["tcp://127.0.0.1:0", `unix:${freshPath()}`, "ws://127.0.0.1:0"]) {
      await using listener = await listen(url);
      const [client, served] = await pairAt(listener);
      await client.closeSending?.();
      await client.closeSending?.();
      const late = { code: "ERR_INTERPROC_CLOSED", message: /after closeSending\(\)/ };
      await assert.rejects(client.send("late"), late, url);
      await assert.rejects(client.sendMany(["late"]), late, url);
      await assert.rejects(client.sendBytes(new Uint8Array(1)), late, url);
      await assert.rejects(served.recv(), codes.end, url);
      await served.send("the answer");
      assert.equal(await client.recv(), "the answer", url);
      client.close();
      served.close();
    }
  });
});
