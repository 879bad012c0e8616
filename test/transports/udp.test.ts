import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { bindUdp, CodecError, type Datagram, pipe, type StandardSchema, type UdpSocket, wait } from "interproc";
import { UdpAddress } from "#src/transports/udp-address.js";
import { codes, patterned, watchdog } from "../contract/connection-kind.js";
import { ChildProgram } from "../primitives/child-program.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";

const anyPort = "udp://127.0.0.1:0";
const isFast = process.env.INTERPROC_TEST === "fast";
const system = (errno: string) => ({ code: "ERR_INTERPROC_SYSTEM", errno });
const hasIPv6 = await bindUdp("udp://[::1]:0").then(
  (socket) => socket.close() === undefined,
  () => false,
);
const needsIPv6 = hasIPv6 ? false : "this machine has no IPv6";

/** Waits for something that this process is told of by its event loop. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await turn();
}

const numbers: StandardSchema<{ n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { n } = value as { n?: unknown };
      if (typeof n === "number") return { value: { n: n * 2 } };
      return { issues: [{ message: "no number", path: ["n", { key: 0 }] }, { message: "at all" }] };
    },
  },
};

describe("a UDP socket", watchdog, () => {
  test("smoke: what is sent to its address is received, with the sender's, to which an answer can go", async () => {
    await using one = await bindUdp(anyPort);
    await using other = await bindUdp(anyPort);
    assert.match(one.address, /^udp:\/\/127\.0\.0\.1:\d+$/);
    await one.send({ hello: [1, new Map([["a", 2n]])] }, other.address);
    const { value, from } = await other.recv();
    assert.deepEqual([value, from], [{ hello: [1, new Map([["a", 2n]])] }, one.address]);
    await other.send("back", from);
    assert.deepEqual(await one.recv(), { value: "back", from: other.address });
    await one.send("to itself", one.address);
    assert.equal((await one.recv()).value, "to itself");
  });

  test("datagrams that came since the bind are there in order, whole, also the empty ones", async () => {
    await using socket = await bindUdp<Uint8Array, Uint8Array>(anyPort, { codec: "bytes" });
    const lengths = [3, 0, 1, 0, 0, 1500, 9000, 65_507, 2];
    for (const length of lengths) await socket.send(patterned(length, length), socket.address);
    for (const length of lengths) assert.deepEqual((await socket.recv()).value, patterned(length, length));
    assert.equal(socket.tryRecv(), undefined);
  });

  test("each codec writes what it takes, and refuses the rest on the sender's side", async () => {
    for (const [codec, good, bad] of [
      ["structured", new Set([1]), () => 0],
      ["json", { a: [1] }, undefined],
      ["text", "grüße", 1],
      ["bytes", new Uint8Array([1, 2]), "text"],
    ] as const) {
      await using socket = await bindUdp(anyPort, { codec });
      await assert.rejects(socket.send(bad, socket.address), codes.codec);
      await socket.send(good, socket.address);
      assert.deepEqual((await socket.recv()).value, good);
    }
    const reversed = {
      encode: (value: unknown) => Buffer.from(String(value)).reverse(),
      decode: (bytes: Uint8Array) => Buffer.from(bytes).reverse().toString(),
    };
    await using socket = await bindUdp(anyPort, { codec: reversed });
    await socket.send("abc", socket.address);
    assert.equal((await socket.recv()).value, "abc");
    await using broken = await bindUdp(anyPort, { codec: { encode: () => "abc" as never, decode: () => 0 } });
    await assert.rejects(broken.send("abc", socket.address), codes.codec);
  });

  test("a message that no datagram can carry is an error with both lengths, and one that just fits is sent", async () => {
    await using socket = await bindUdp<Uint8Array>(anyPort, { codec: "bytes" });
    const value = new Uint8Array(65_508);
    await assert.rejects(socket.send(value, socket.address), (error: Error & { undelivered: unknown }) => {
      assert.match(error.message, /send\(\) of 65,508 bytes; at most 65,507 in a datagram over IPv4$/);
      assert.equal(error.undelivered, value);
      return (error as { code?: string }).code === codes.usage.code;
    });
    await socket.send(value.subarray(1), socket.address);
    assert.equal(((await socket.recv()).value as Uint8Array).length, 65_507);
  });

  test("over IPv6 addresses are in brackets, and a datagram carries 65,527 bytes", { skip: needsIPv6 }, async () => {
    await using socket = await bindUdp<Uint8Array, Uint8Array>("udp://[::1]:0", { codec: "bytes" });
    assert.match(socket.address, /^udp:\/\/\[::1\]:\d+$/);
    await socket.send(new Uint8Array(65_527), socket.address);
    const { value, from } = await socket.recv();
    assert.deepEqual([value.length, from], [65_527, socket.address]);
    await assert.rejects(socket.send(new Uint8Array(65_528), from), /65,528 bytes; at most 65,527 .* IPv6/);
  });

  test("one bound to [::] speaks both families, and shows each by its own addresses", { skip: needsIPv6 }, async () => {
    await using both = await bindUdp("udp://[::]:0");
    await using four = await bindUdp(anyPort);
    const { port } = new URL(both.address.replace("udp:", "http:"));
    await four.send("by four", `udp://127.0.0.1:${port}`);
    const { from } = await both.recv();
    assert.equal(from, four.address);
    await both.send("back", from);
    assert.deepEqual(await four.recv(), { value: "back", from: `udp://127.0.0.1:${port}` });
    await assert.rejects(both.send("x".repeat(65_520), from), /at most 65,507 in a datagram over IPv4/);
    await assert.rejects(four.send("by six", `udp://[::1]:${port}`), codes.usage);
  });

  test("names are looked up, and one that there is not is a SystemError with the message in it", async () => {
    await using socket = await bindUdp("udp://localhost:0");
    const { port } = new URL(socket.address.replace("udp:", "http:"));
    await socket.send("by name", `udp://localhost:${port}`);
    assert.equal((await socket.recv()).value, "by name");
    await assert.rejects(socket.send("lost", "udp://no-such-host.invalid:9"), {
      code: "ERR_INTERPROC_SYSTEM",
      syscall: "getaddrinfo",
      undelivered: "lost",
    });
    await assert.rejects(bindUdp("udp://no-such-host.invalid:9"), { syscall: "getaddrinfo" });
  });

  test("a message that cannot be decoded rejects one receive, with its bytes, and the socket goes on", async () => {
    await using socket = await bindUdp(anyPort, { codec: "json" });
    await using raw = await bindUdp<string>(anyPort, { codec: "text" });
    for (const line of ["{", "1", "]", "2", "[", "3"]) await raw.send(line, socket.address);
    await assert.rejects(socket.recv(), (error: CodecError) => {
      assert.ok(error instanceof CodecError);
      assert.match(error.message, new RegExp(`of a datagram of 1 bytes from ${raw.address}: a message is no JSON`));
      assert.deepEqual([error.undelivered, error.resource], [new Uint8Array([0x7b]), socket.address]);
      return true;
    });
    assert.equal((await socket.recv()).value, 1);
    await socket.poll({ timeout: 10_000 });
    assert.throws(() => socket.tryRecv(), CodecError);
    const seen: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const { value } of socket) if (seen.push(value) === 2) break;
    };
    await assert.rejects(loop(), CodecError);
    await loop();
    assert.deepEqual(seen, [2, 3]);
  });

  test("a schema says what messages must be, and what it makes of them is received", async () => {
    await using socket = await bindUdp(anyPort, { schema: numbers });
    await socket.send({ n: 21 }, socket.address);
    const { value }: Datagram<{ n: number }> = await socket.recv();
    assert.deepEqual(value, { n: 42 });
    await socket.send({ n: "x" }, socket.address);
    await assert.rejects(socket.recv(), (error: CodecError) => {
      assert.match(error.message, /does not fit the schema: n\.0: no number; at all$/);
      assert.deepEqual(error.undelivered, { n: "x" });
      return error instanceof CodecError;
    });
    const { validate } = numbers["~standard"];
    const later = { "~standard": { ...numbers["~standard"], validate: async (value: unknown) => validate(value) } };
    await using slow = await bindUdp(anyPort, { schema: later });
    for (const n of [1, "x", 2]) await slow.send({ n }, slow.address);
    assert.deepEqual((await slow.recv()).value, { n: 2 });
    await assert.rejects(slow.recv(), CodecError);
    await slow.poll({ timeout: 10_000 });
    assert.throws(() => slow.tryRecv(), codes.usage);
    await assert.rejects(bindUdp(anyPort, { schema: {} as never }), codes.usage);
  });

  test("of too many messages the oldest go: missed counts them, onMissed is told before the next one", async () => {
    const events: unknown[] = [];
    const tooMany = async (socket: UdpSocket<unknown, unknown>, value: (i: number) => unknown): Promise<unknown[]> => {
      for (let i = 0; i < 10; i++) await socket.send(value(i), socket.address);
      await until(() => socket.missed === 7);
      const kept = [];
      for (let datagram = socket.tryRecv(); datagram; datagram = socket.tryRecv()) {
        kept.push(datagram.value);
        events.push("message");
      }
      return kept;
    };
    await using few = await bindUdp(anyPort, { maxKept: 3, onMissed: (count) => events.push(count) });
    assert.deepEqual(await tooMany(few, (i) => i), [7, 8, 9]);
    assert.deepEqual(events, [7, "message", "message", "message"]);
    await using small = await bindUdp(anyPort, { maxKeptBytes: 65_536, codec: "bytes", recvBufferSize: 2 ** 20 });
    const kept = await tooMany(small, (i) => patterned(20_000, i));
    assert.deepEqual(kept, [patterned(20_000, 7), patterned(20_000, 8), patterned(20_000, 9)]);
    await small.send(patterned(1), small.address);
    await small.recv();
    assert.deepEqual([few.missed, small.missed], [7, 7]);
  });

  test("what onMissed throws is uncaught and costs no message", async () => {
    const program = ChildProgram.node("udp-life", "throwing");
    assert.match((await program.line()) as string, /^udp:/);
    const lines = [await program.line(), await program.line()].sort();
    assert.deepEqual([...lines, await program.exit], ["kept", "uncaught: from onMissed 1", 0]);
  });

  test("receives are served in the order of their calls, and one that gives up takes nothing", async () => {
    await using socket = await bindUdp(anyPort);
    const controller = new AbortController();
    const [late, aborted] = [socket.recv({ timeout: 1 }), socket.recv({ signal: controller.signal })];
    const waiting = [socket.recv(), socket.recv()];
    await assert.rejects(late, codes.timeout);
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    await assert.rejects(socket.recv({ signal: controller.signal }), /enough/);
    for (const value of [1, 2, 3]) await socket.send(value, socket.address);
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ value }) => value),
      [1, 2],
    );
    assert.equal((await socket.recv()).value, 3);
    await assert.rejects(socket.recv({ timeout: 0 }), codes.timeout);
    await assert.rejects(socket.recv({ timeout: Number.NaN }), codes.usage);
  });

  test("poll says whether a receive would wait, and takes nothing", async () => {
    await using socket = await bindUdp(anyPort);
    assert.deepEqual([await socket.poll(), await socket.poll({ timeout: 1 })], [false, false]);
    const polling = socket.poll({ timeout: 10_000 });
    await socket.send("here", socket.address);
    assert.deepEqual([await polling, await socket.poll()], [true, true]);
    assert.equal(socket.tryRecv()?.value, "here");
    await assert.rejects(socket.poll({ timeout: 9, signal: AbortSignal.abort(new Error("no")) }), /no/);
  });

  test("wait() tells of it along with other objects, and consumes nothing", async () => {
    await using socket = await bindUdp(anyPort);
    const [mine, theirs] = pipe<string>();
    assert.deepEqual(await wait([socket, theirs], { timeout: 1 }), []);
    const waiting = wait([socket, theirs]);
    await socket.send("datagram", socket.address);
    assert.deepEqual(await waiting, [socket]);
    await mine.send("message");
    assert.deepEqual(await wait([socket, theirs]), [socket, theirs]);
    assert.equal(socket.tryRecv()?.value, "datagram");
    const ended = wait([socket]);
    socket.close();
    await assert.rejects(ended, codes.closed);
    await assert.rejects(wait([socket]), codes.closed);
    mine.close();
    theirs.close();
  });

  test("close() rejects calls that wait, ends loops, and does not take back what was sent", async () => {
    await using receiver = await bindUdp(anyPort);
    const socket = await bindUdp(anyPort);
    const looping = (async () => {
      for await (const _ of socket) assert.fail("nobody sent anything");
      return "ended";
    })();
    const receiving = socket.recv();
    const sending = socket.send("last words", receiver.address);
    socket.close();
    socket.close();
    await assert.rejects(receiving, codes.closed);
    assert.equal(await looping, "ended");
    await sending;
    assert.equal((await receiver.recv()).value, "last words");
    assert.equal(socket.closed, true);
    await assert.rejects(socket.send("x", receiver.address), codes.closed);
    for (const call of [() => socket.recv(), () => socket.poll()]) await assert.rejects(call(), codes.closed);
    assert.throws(() => socket.tryRecv(), codes.closed);
    for await (const _ of socket) assert.fail("it is closed");
    socket.ref().unref();
  });

  test("a send whose name is still looked up when the socket is closed is a ClosedError with the message", async () => {
    const socket = await bindUdp(anyPort);
    const sending = socket.send("late", "udp://localhost:9");
    socket.close();
    await assert.rejects(sending, { ...codes.closed, undelivered: "late" });
  });

  test("after its disposal the address is free again, and before it is a SystemError to bind it", async () => {
    let address = "";
    {
      await using socket = await bindUdp(anyPort);
      ({ address } = socket);
      await assert.rejects(bindUdp(address), { ...system("EADDRINUSE"), syscall: "bind", resource: address });
    }
    await using again = await bindUdp(address);
    assert.equal(again.address, address);
    await assert.rejects(bindUdp("udp://203.0.113.7:0"), system("EADDRNOTAVAIL"));
  });

  test("an idle socket keeps no process alive, a receive that waits does unless it is unref'd", async () => {
    for (const how of ["idle", "unref"]) assert.equal(await ChildProgram.node("udp-life", how).exit, 0);
    const waiting = ChildProgram.node("udp-life", "waiting");
    const address = (await waiting.line()) as string;
    await using socket = await bindUdp(anyPort);
    await socket.send("enough", address);
    assert.deepEqual([await waiting.line(), await waiting.exit], ["enough", 0]);
  });

  test("a killed receiver costs the sender nothing, and its address can be bound anew", async () => {
    const victim = ChildProgram.node("udp-life", "waiting");
    const address = (await victim.line()) as string;
    await victim.kill();
    await using socket = await bindUdp(anyPort);
    for (let i = 0; i < 3; i++) await socket.send("into the void", address);
    await using heir = await bindUdp(address);
    await socket.send("heard", address);
    assert.equal((await heir.recv()).value, "heard");
  });

  test("what is no udp: URL, and an option that there is not, is a UsageError that names what is allowed", async () => {
    for (const url of [
      ...["tcp://127.0.0.1:1", "udp://127.0.0.1", "udp://:1", "udp://127.0.0.1:65536", "udp://[::1:1", "udp://::1:1"],
      ...["udp://[127.0.0.1]:1", "udp://a b:1", "udp://127.0.0.1:1/x", "udp://127.0.0.1:-1", "", undefined, 5],
    ])
      await assert.rejects(bindUdp(url as string), { ...codes.usage, message: /allowed: udp:\/\/host:port/ });
    await using socket = await bindUdp(anyPort);
    await assert.rejects(socket.send(1, "127.0.0.1:5"), { ...codes.usage, message: /send\(\): the address is "127/ });
    await assert.rejects(socket.send(1, "udp://127.0.0.1:0"), { ...codes.usage, message: /allowed: 1 to 65535/ });
    for (const options of [
      ...[{ maxKept: 0 }, { maxKept: 1.5 }, { maxKeptBytes: 65_535 }, { multicastTTL: 256 }, { recvBufferSize: 0 }],
      ...[{ codec: "yaml" }, { codec: "toString" }, { codec: {} }],
    ])
      await assert.rejects(bindUdp(anyPort, options as never), { ...codes.usage, message: /allowed: / });
  });

  test("addresses are written as they are read: in brackets, with zones, and IPv4 inside of IPv6 as IPv4", () => {
    for (const [url, host, port, family] of [
      ["udp://[fe80::1%25eth0]:5", "fe80::1%eth0", 5, 6],
      ["udp://10.0.0.1:65535", "10.0.0.1", 65_535, 4],
      ["udp://some-host.example:1", "some-host.example", 1, 0],
    ] as const) {
      const address = UdpAddress.parse(url, "test");
      assert.deepEqual([address.host, address.port, address.family, String(address)], [host, port, family, url]);
    }
    assert.equal(String(UdpAddress.parse("UDP://[fe80::1%eth0]:5/", "test")), "udp://[fe80::1%25eth0]:5");
    assert.equal(String(new UdpAddress("::ffff:10.0.0.1", 7)), "udp://10.0.0.1:7");
  });

  test("several sockets with reuseAddr are one group's receivers, and each gets what is sent to it", async (t) => {
    const options = { reuseAddr: true, join: "239.255.83.7", multicastInterface: "127.0.0.1", multicastTTL: 0 };
    let first: UdpSocket;
    try {
      first = await bindUdp("udp://0.0.0.0:0", options);
    } catch (error) {
      return t.skip(`no multicast here: ${(error as Error).message}`);
    }
    await using one = first;
    const { port } = new URL(one.address.replace("udp:", "http:"));
    await using other = await bindUdp(`udp://0.0.0.0:${port}`, options);
    await using sender = await bindUdp(anyPort, { multicastInterface: "127.0.0.1" });
    await sender.send("to all", `udp://239.255.83.7:${port}`);
    assert.deepEqual([(await one.recv()).value, (await other.recv()).value], ["to all", "to all"]);
    await assert.rejects(bindUdp("udp://0.0.0.0:0", { join: "10.0.0.1" }), { code: "ERR_INTERPROC_SYSTEM" });
  });

  test("without broadcast: true a broadcast is refused by the system", async () => {
    await using silent = await bindUdp("udp://0.0.0.0:0");
    await assert.rejects(silent.send("hey", "udp://255.255.255.255:9"), { ...system("EACCES"), undelivered: "hey" });
    await using loud = await bindUdp("udp://0.0.0.0:0", { broadcast: true });
    await using receiver = await bindUdp("udp://0.0.0.0:0");
    const { port } = new URL(receiver.address.replace("udp:", "http:"));
    await loud.send("hey", `udp://127.255.255.255:${port}`);
    assert.equal((await receiver.recv()).value, "hey");
  });

  test("whatever bytes come, a receive gives a value or a CodecError, and the next message is as it was sent", async () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const raw = createSocket("udp4");
    const structured = await bindUdp(anyPort);
    const json = await bindUdp(anyPort, { codec: "json" });
    const text = await bindUdp(anyPort, { codec: "text" });
    const probe = await bindUdp<unknown, Uint8Array>(anyPort, { codec: "bytes" });
    await structured.send({ a: [1, "two", new Map([[3, new Date(4)]])], b: new Float64Array(5) }, probe.address);
    const { value: valid } = await probe.recv();
    try {
      for (let i = 0; i < (isFast ? 300 : 2000); i++) {
        const bytes = i % 2 === 0 ? random.bytes(random.below(200)) : valid.slice(0, random.below(valid.length + 1));
        for (let flips = random.below(4); flips > 0 && bytes.length > 0; flips--)
          bytes[random.below(bytes.length)] ^= 1 << random.below(8);
        for (const socket of [structured, json, text]) {
          const { port } = new URL(socket.address.replace("udp:", "http:"));
          await new Promise((done) => raw.send(bytes, Number(port), "127.0.0.1", done));
          await socket.recv().catch((error: unknown) => {
            const context = `${Buffer.from(bytes).toString("hex")} (INTERPROC_SEED=${seed})`;
            assert.ok(error instanceof CodecError, `${String((error as Error).stack)} from ${context}`);
          });
        }
      }
      for (const socket of [structured, json, text]) {
        await socket.send("still there", socket.address);
        assert.equal((await socket.recv()).value, "still there");
      }
    } finally {
      raw.close();
      for (const socket of [structured, json, text, probe]) socket.close();
    }
  });

  test("a program that knows nothing of us speaks to it in bytes", (t) => {
    const script = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print("udp://127.0.0.1:%d" % s.getsockname()[1], flush=True)
data, sender = s.recvfrom(65536)
s.sendto(data[::-1], sender)
`;
    if (spawnSync("python3", ["--version"]).status !== 0) return t.skip("there is no python3");
    return (async () => {
      const python = new ChildProgram("python3", ["-c", script]);
      const address = (await python.line()) as string;
      await using socket = await bindUdp<Uint8Array, Uint8Array>(anyPort, { codec: "bytes" });
      await socket.send(new Uint8Array([1, 2, 3]), address);
      assert.deepEqual(await socket.recv(), { value: new Uint8Array([3, 2, 1]), from: address });
      assert.equal(await python.exit, 0);
    })();
  });
});
