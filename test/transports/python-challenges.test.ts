import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import { type AsyncConnection, AuthenticationError, connect, type Listener, listen } from "interproc";
import { watchdog } from "../processes/running.js";
import { kindOf } from "./python-matrix.js";
import { PythonProgram } from "./python-program.js";
import { pythons } from "./pythons.js";

const modern = pythons().filter((python) => kindOf(python) === "modern");
const framing = "python" as const;
const authkey = "secret";
const tag = "#CHALLENGE#";

const frame = (bytes: Uint8Array | string): Buffer => {
  const body = Buffer.from(bytes as string);
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
};
const code = (digest: string, message: Uint8Array): Buffer => createHmac(digest, authkey).update(message).digest();

/** A peer that writes what it likes. */
class RawPeer {
  private kept = Buffer.alloc(0);
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(readonly socket: Socket) {
    socket.on("error", () => undefined);
    this.chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  static async to(address: string): Promise<RawPeer> {
    const { hostname, port } = new URL(address);
    const socket = connectSocket(Number(port), hostname);
    await once(socket, "connect");
    return new RawPeer(socket);
  }

  write(...frames: (Uint8Array | string)[]): void {
    this.socket.write(Buffer.concat(frames.map(frame)));
  }

  /** The next frame, or undefined at the end. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.kept.length >= 4 && this.kept.length >= 4 + this.kept.readInt32BE()) {
        const length = this.kept.readInt32BE();
        const body = this.kept.subarray(4, 4 + length);
        this.kept = this.kept.subarray(4 + length);
        return body;
      }
      const next = await this.chunks.next().catch(() => ({ done: true, value: undefined }));
      if (next.done) return undefined;
      this.kept = Buffer.concat([this.kept, next.value as Buffer]);
    }
  }

  /** Goes through the whole handshake as a client; a digest of Python's. */
  async prove(): Promise<void> {
    const message = ((await this.read()) as Buffer).subarray(tag.length);
    this.write(Buffer.concat([Buffer.from("{sha256}"), code("sha256", message)]));
    assert.equal(String(await this.read()), "#WELCOME#");
    this.write(Buffer.concat([Buffer.from(`${tag}{sha256}`), Buffer.alloc(40, 7)]));
    await this.read();
    this.write("#WELCOME#");
  }
}

/** What a client answers to a challenge, and what an honest listener says of it. */
const answers: readonly [what: string, answer: (message: Buffer) => Uint8Array | string][] = [
  ["no bytes at all", () => ""],
  ["15 bytes, one too few for MD5", (message) => code("md5", message).subarray(1)],
  ["17 bytes, one too many for MD5", (message) => Buffer.concat([code("md5", message), Buffer.of(0)])],
  ["16 bytes that are no MD5", () => Buffer.alloc(16, 1)],
  ["a digest that nobody knows", (message) => Buffer.concat([Buffer.from("{sha512}"), code("sha512", message)])],
  ["a digest's name that is a property of all objects", () => `{constructor}${"x".repeat(32)}`],
  ["a digest's name without an end", () => `{${"a".repeat(200)}`],
  [
    "a code that is too short",
    (message) => Buffer.concat([Buffer.from("{sha256}"), code("sha256", message).subarray(1)]),
  ],
  [
    "a code that is too long",
    (message) => Buffer.concat([Buffer.from("{sha256}"), code("sha256", message), Buffer.of(0)]),
  ],
  [
    "one digest's code under another one's name",
    (message) => Buffer.concat([Buffer.from("{sha384}"), code("sha256", message)]),
  ],
  [
    "a code of the random bytes without the digest's name",
    (message) => Buffer.concat([Buffer.from("{sha256}"), code("sha256", message.subarray(8))]),
  ],
  ["the challenge itself", (message) => message],
  ["a welcome", () => "#WELCOME#"],
  ["256 bytes of junk", () => Buffer.alloc(256, 0xee)],
  ["257 bytes, one more than a handshake has", () => Buffer.alloc(257, 0xee)],
];

/** What a listener asks with. */
const challenges: readonly [what: string, challenge: Uint8Array | string][] = [
  ["no bytes at all", ""],
  ["the tag alone", tag],
  ["19 bytes without a name", `${tag}${"x".repeat(19)}`],
  ["a name and too few random bytes", `${tag}{sha256}${"x".repeat(10)}`],
  ["a digest that nobody knows", `${tag}{sha512}${"x".repeat(40)}`],
  ["a digest's name without an end", `${tag}{sha256${"x".repeat(40)}`],
  ["another tag", `#CHALLENGF#{sha256}${"x".repeat(40)}`],
  ["a welcome", "#WELCOME#"],
  ["257 bytes, one more than a handshake has", `${tag}{sha256}${"x".repeat(238)}`],
];

describe("handshakes that go wrong, and others than the usual ones", watchdog, () => {
  const opened: { destroy(): unknown }[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.destroy();
  });

  async function peer(listener: Listener): Promise<RawPeer> {
    const made = await RawPeer.to(listener.address);
    opened.push(made.socket);
    return made;
  }

  test("[case 34] each malformed answer is an AuthenticationError of its own accept(), and the listener goes on", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { framing, authkey, md5: true });
    for (const [what, answer] of answers) {
      const raw = await peer(listener);
      const challenge = (await raw.read()) as Buffer;
      assert.equal(challenge.length, 59);
      assert.equal(challenge.subarray(0, 19).toString(), `${tag}{sha256}`);
      raw.write(answer(challenge.subarray(tag.length)));
      const verdict = await raw.read();
      assert.ok(verdict === undefined || String(verdict) === "#FAILURE#", what);
      await assert.rejects(listener.accept(), AuthenticationError, what);
    }
    const honest = await peer(listener);
    const accepted = listener.accept();
    await honest.prove();
    await accepted;
    assert.equal(listener.refusedConnections, answers.length);
  });

  test("[case 34] each malformed challenge is an AuthenticationError of connect(), and none of them is answered", async () => {
    const server = createServer();
    opened.push({ destroy: () => server.close() });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
    for (const [what, challenge] of challenges) {
      const connecting = assert.rejects(connect(address, { framing, authkey, md5: true }), AuthenticationError, what);
      const [socket] = (await once(server, "connection")) as [Socket];
      opened.push(socket);
      const raw = new RawPeer(socket);
      raw.write(challenge);
      const answer = await raw.read();
      assert.ok(answer === undefined || String(answer) === "#FAILURE#", what);
      socket.destroy();
      await connecting;
    }
  });

  test("[case 34] frames that are none: a negative length, one of 2 GiB, and a message that stops in its middle", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { framing, authkey });
    for (const bytes of ["fffffffe", "7fffffff", "ffffffff00000001000000000a", "0000002061"]) {
      const raw = await peer(listener);
      await raw.read();
      raw.socket.end(Buffer.from(bytes, "hex"));
      await assert.rejects(listener.accept(), AuthenticationError, bytes);
    }
  });

  test("[cases 25, 35] somebody silent holds up nobody, and is given up at the deadline", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { framing, authkey, handshakeTimeout: 300 });
    const silent = await peer(listener);
    await silent.read();
    const half = await peer(listener);
    half.socket.write(Buffer.of(0, 0));
    const client = connect(listener.address, { framing, authkey });
    const served = await listener.accept();
    await (await client).send("not held up");
    assert.equal(await served.recv(), "not held up");
    for (const raw of [silent, half]) {
      await assert.rejects(listener.accept(), AuthenticationError);
      while ((await raw.read()) !== undefined); // its end
    }
  });

  test("[case 35] connect() to somebody silent rejects at the deadline, and by its signal", async () => {
    const server = createServer((socket) => void opened.push(socket));
    opened.push({ destroy: () => server.close() });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
    const late = connect(address, { framing, authkey, handshakeTimeout: 50 });
    await assert.rejects(late, { name: "AuthenticationError", message: /within 50 ms \(handshakeTimeout\)/ });
    await assert.rejects(connect(address, { framing, authkey, timeout: 20 }), { name: "TimeoutError" });
    const signal = AbortSignal.timeout(20);
    await assert.rejects(connect(address, { framing, authkey, signal }), { name: "TimeoutError" });
  });

  test("[case 32] a client that leaves in its handshake is told of; one that leaves behind a message still delivers it", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { framing, authkey });
    const gone = await peer(listener);
    await gone.read();
    gone.socket.destroy();
    await assert.rejects(listener.accept(), { name: "AuthenticationError", message: /left/ });
    const quick = await peer(listener);
    await quick.prove();
    quick.write(Buffer.from("80044b072e", "hex"));
    quick.socket.end();
    assert.equal(await (await listener.accept()).recv(), 7);
  });

  test("[case 35] 50 handshakes go on beside each other", async () => {
    await using listener = await listen("tcp://127.0.0.1:0", { framing, authkey });
    const peers = await Promise.all(Array.from({ length: 50 }, () => peer(listener)));
    for (const raw of peers) assert.equal((await raw.read())?.length, 59); // all are asked before one answers
    for (const raw of peers) raw.socket.pause();
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => connect(listener.address, { framing, authkey })),
    );
    const served: AsyncConnection[] = [];
    while (served.length < clients.length) served.push((await listener.accept()) as AsyncConnection);
    await Promise.all(clients.map((client, index) => client.send(index)));
    const got = await Promise.all(served.map((conn) => conn.recv()));
    assert.deepEqual(
      got.sort((a, b) => Number(a) - Number(b)),
      clients.map((_, index) => index),
    );
  });

  test("[case 33] the answer to a challenge of any digest is the one that Python's test vectors have", async () => {
    const vectors = [
      [Buffer.from(Array.from({ length: 20 }, (_, index) => index)), "7defa9cc46abc3583325d17ccda75190"],
      [
        Buffer.concat([Buffer.from("{sha256}"), Buffer.from(Array.from({ length: 40 }, (_, index) => index))]),
        `${Buffer.from("{sha256}").toString("hex")}fc57fbe650d6124b98215e7b5d197d5807ad69982d275a9735ea2d56f1fa6989`,
      ],
    ] as const;
    const server = createServer();
    opened.push({ destroy: () => server.close() });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
    for (const [message, expected] of vectors) {
      const connecting = connect(address, { framing, authkey, md5: true }).catch(() => undefined);
      const [socket] = (await once(server, "connection")) as [Socket];
      const raw = new RawPeer(socket);
      raw.write(Buffer.concat([Buffer.from(tag), message]));
      assert.equal((await raw.read())?.toString("hex"), expected);
      socket.destroy();
      await connecting;
    }
  });

  for (const { version, path } of modern)
    test(`[case 33] challenges of Python ${version} with other digests are answered: ${["sha384", "sha3_256", "sha3_384", "md5"].join(", ")}`, async () => {
      await using program = new PythonProgram(path, "connections");
      for (const digest of ["sha256", "sha384", "sha3_256", "sha3_384", "md5"]) {
        const address = (await program.ask("listen", "tcp:127.0.0.1:0", null)) as string;
        const accepting = program.ask("accept");
        const connecting = connect(address, { framing, authkey, md5: true });
        assert.equal(await accepting, "connected");
        assert.equal(await program.ask("deliver_challenge", authkey, digest), null);
        assert.equal(await program.ask("answer_challenge", authkey), null);
        using conn = await connecting;
        await program.ask("send", "'proved'");
        assert.equal(await conn.recv(), "proved");
        await program.ask("close_listener");
      }
      const address = (await program.ask("listen", "tcp:127.0.0.1:0", null)) as string;
      const accepting = program.ask("accept");
      const refused = assert.rejects(connect(address, { framing, authkey }), { message: /speaks MD5 only.*md5: true/ });
      assert.equal(await accepting, "connected");
      const delivered = (await program.ask("deliver_challenge", authkey, "md5")) as { error: string };
      assert.equal(delivered.error, "AuthenticationError");
      await refused;
      assert.equal(await program.end(), 0);
    });

  test("[case 37] a transport that is none is refused by its name, with those that are", async () => {
    await assert.rejects(listen("pipe:x", { framing }), { name: "UsageError", message: /"pipe".*unix:\/path/ });
    const family = { name: "UsageError", message: /"AF_PIPE:x": it has no scheme; allowed: unix:\/path/ };
    await assert.rejects(connect("AF_PIPE:x", { framing }), family);
  });

  test("[case 31] two listeners at one address: the second is an ExistsError, and the path goes with the first", async () => {
    const path = `unix:/tmp/interproc-twice-${process.pid}`;
    const first = await listen(path, { framing, authkey });
    await assert.rejects(listen(path, { framing, authkey }), { name: "ExistsError" });
    await first.close();
    await assert.rejects(connect(path, { framing, authkey }), { name: "NotFoundError" });
    {
      await using scoped = await listen(path, { framing, authkey });
      assert.ok(existsSync(path.slice("unix:".length)), scoped.address);
    }
    assert.ok(!existsSync(path.slice("unix:".length)));
  });
});
