import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type AsyncConnection, connect, EOFError, listen, wait } from "interproc";
import { watchdog } from "../processes/running.js";
import { PythonProgram } from "./python-program.js";
import { type Python, pythons } from "./pythons.js";

const found = pythons();
const framing = "python" as const;
const MIB = 2 ** 20;
const sizes = [0, 1, 3, 4, 255, 16_383, 16_384, 16_385, 65_000, 65_536, MIB, 5 * MIB, 20 * MIB];

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
const pattern = (size: number): Uint8Array => new Uint8Array(Buffer.alloc(size).fill(everyByte));
const digest = (bytes: Uint8Array): [number, string] => [
  bytes.length,
  createHash("sha256").update(bytes).digest("hex"),
];

/** What goes to Python and comes back as it was. */
const values: readonly unknown[] = [
  ...[null, true, false, 0, -1, 255, 256, 65_536, 2 ** 31, -(2 ** 53) + 1, 2n ** 53n, 2n ** 200n, -(2n ** 64n)],
  ...[1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324],
  ...["", "grüße 😀", "a\0b", "x".repeat(70_000)],
  ...[new Uint8Array(0), Uint8Array.of(0, 255), pattern(70_000)],
  ...[
    [],
    [1, [2, [3]]],
    {},
    { a: 1, b: { c: [true] } },
    new Map<unknown, unknown>([
      [1, "a"],
      [null, 2],
    ]),
  ],
  ...[new Set(["x", "y"]), Array.from({ length: 1500 }, (_, index) => index), new Float64Array([1.5, -2])],
];

/** Of what Python sends, what it does not get back as it was. */
const changed = [
  ["0.0", "0"],
  ["bytearray(b'abc')", "b'abc'"],
  ["()", "[]"],
  ["(1,)", "[1]"],
  ["(1, 'two', None)", "[1, 'two', None]"],
  ["(1, 2, 3, 4)", "[1, 2, 3, 4]"],
  ["frozenset({'x'})", "{'x'}"],
];

/** A value as Python writes it, and how it writes that. */
const toPython: readonly (readonly [value: unknown, type: string, text: string])[] = [
  [undefined, "NoneType", "None"],
  [12, "int", "12"],
  [1.5, "float", "1.5"],
  [2n ** 70n, "int", String(2n ** 70n)],
  ["grüße", "str", "'gr\\xfc\\xdfe'"],
  [Uint8Array.of(1, 2), "bytes", "b'\\x01\\x02'"],
  [[1, "two", [null]], "list", "[1, 'two', [None]]"],
  [{ a: true }, "dict", "{'a': True}"],
  [new Map([[1, 2]]), "dict", "{1: 2}"],
  [new Set([1]), "set", "{1}"],
  [new Date(0), "datetime", "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"],
  [new TypeError("wrong"), "TypeError", "TypeError('wrong')"],
];

describe("values and bytes, between Node and every Python", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-python-values-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let sockets = 0;
  const place = (): string => `unix:${join(folder, `socket-${sockets++}`)}`;

  /** Both roles: over TCP Python is the client, over a unix socket it listens. */
  async function meet(program: PythonProgram, role: "client" | "listener"): Promise<AsyncConnection> {
    if (role === "client") {
      await using listener = await listen("tcp://127.0.0.1:0", { framing });
      assert.equal(await program.ask("connect", listener.address), "connected");
      return await listener.accept();
    }
    const address = (await program.ask("listen", place())) as string;
    const accepted = program.ask("accept");
    const conn = await connect(address, { framing });
    assert.equal(await accepted, "connected");
    return conn;
  }

  /** What Python sends comes back to it; gives the values that changed on the way, before and after. */
  async function exchanged(program: PythonProgram, conn: AsyncConnection, set: string): Promise<unknown[]> {
    const asked = program.ask("exchange", set) as Promise<{ count: number; changed: unknown[] }>;
    const echoing = (async () => {
      for await (const value of conn) await conn.send(value);
    })();
    const { count, changed } = await asked;
    assert.ok(count > 15);
    await program.ask("close");
    await echoing;
    return changed;
  }

  for (const { version, path } of found) {
    test(`[case 14] values of many types come back from Python ${version} as they were, and arrive as what they are`, async () => {
      await using program = new PythonProgram(path, "connections");
      for (const role of ["client", "listener"] as const) {
        using conn = await meet(program, role);
        const echoed = program.ask("echo", values.length);
        const sending = conn.sendMany(values);
        for (const value of values) assert.deepEqual(await conn.recv(), value);
        await sending;
        assert.equal(await echoed, values.length);
        for (const [value, ...expected] of toPython) {
          await conn.send(value);
          assert.deepEqual(await program.ask("recv"), expected);
        }
      }
      assert.equal(await program.end(), 0);
    });

    test(`[case 14] what Python ${version} sends of its own comes back to it, but for what JavaScript has not`, async () => {
      await using program = new PythonProgram(path, "connections");
      for (const role of ["client", "listener"] as const) {
        using plain = await meet(program, role);
        assert.deepEqual(await exchanged(program, plain, "plain"), changed);
        using rich = await meet(program, role);
        assert.deepEqual(await exchanged(program, rich, "rich"), []);
      }
      assert.equal(await program.end(), 0);
    });

    test(`[cases 14 to 16, 19 to 22] bytes of 0 to 20 MiB, each message whole and in order, with Python ${version}`, async () => {
      await using program = new PythonProgram(path, "connections");
      for (const role of ["client", "listener"] as const) {
        using conn = await meet(program, role);
        for (const size of role === "client" ? sizes : sizes.slice(0, -2)) {
          const bytes = pattern(size);
          const got = program.ask("recv_bytes");
          await conn.sendBytes(bytes);
          assert.deepEqual(await got, digest(bytes));
          const sent = program.ask("send_bytes", size);
          assert.deepEqual(digest(await conn.recvBytes()), digest(bytes));
          assert.equal(await sent, null);
        }
        const each = [0, 0, 7, 0, 70_000, 1, 0];
        const sent = program.ask("send_each", each);
        for (const size of each) assert.equal((await conn.recvBytes()).length, size);
        await sent;

        assert.deepEqual(await program.ask("poll"), [false, true]);
        assert.deepEqual(await program.ask("poll", 0.02), [false, true]);
        assert.deepEqual([await conn.poll(), await conn.poll({ timeout: 5 })], [false, false]);
        await conn.sendBytes(Buffer.from("abcdef"), { offset: 2, size: 3 });
        assert.deepEqual(((await program.ask("poll", 10)) as boolean[])[0], true);
        assert.deepEqual(await program.ask("recv_bytes_into", 6, 2), [3, "000063646500"]);
        await conn.sendBytes(Buffer.from("too long"));
        assert.deepEqual(await program.ask("recv_bytes_into", 3), { error: "BufferTooShort", whole: "too long" });
        await program.ask("send_part", "abcdef", 1, 3);
        assert.equal(await conn.poll({ timeout: 10_000 }), true);
        await assert.rejects(conn.recvBytes({ maxLength: 2 }), { name: "UsageError", message: /still there/ });
        const room = new Uint8Array(5);
        assert.deepEqual([await conn.recvBytesInto(room, { offset: 1 }), ...room], [3, 0, 98, 99, 100, 0]);

        await program.ask("close");
        assert.deepEqual(await wait([conn], { timeout: 10_000 }), [conn]);
        await assert.rejects(conn.recv(), EOFError);
      }
      assert.equal(await program.end(), 0);
    });
  }

  test("[cases 28, 30] four Pythons write slowly; wait() tells who is ready, until each one's end", async (context) => {
    if (found.length === 0) return context.skip("there is no Python on this machine");
    const { path } = found.at(-1) as Python;
    const each = 20;
    await using listener = await listen("tcp://127.0.0.1:0", { framing });
    const writers = [0, 1, 2, 3].map(() => new PythonProgram(path, "connections"));
    const conns = new Map<AsyncConnection, number>();
    for (const [index, writer] of writers.entries()) {
      assert.equal(await writer.ask("connect", listener.address), "connected");
      conns.set(await listener.accept(), index);
    }
    const writing = writers.map(async (writer, index) => {
      for (let count = 0; count < each; count++) await writer.ask("send", `[${index}, ${count}]`);
      await writer.ask("close");
      return writer.end();
    });
    const got: number[] = [0, 0, 0, 0];
    while (conns.size > 0)
      for (const conn of await wait([...conns.keys()])) {
        const index = conns.get(conn) as number;
        try {
          assert.deepEqual(await conn.recv(), [index, got[index]++]);
        } catch (error) {
          assert.ok(error instanceof EOFError, String(error));
          conns.delete(conn);
        }
      }
    assert.deepEqual(got, [each, each, each, each]);
    assert.deepEqual(await Promise.all(writing), [0, 0, 0, 0]);
    assert.deepEqual(await wait([], { timeout: 5 }), []);
  });

  test("[case 17] Python reads to the end what was sent before we closed, and then the end of file", async (context) => {
    if (found.length === 0) return context.skip("there is no Python on this machine");
    await using program = new PythonProgram((found.at(-1) as Python).path, "connections");
    const conn = await meet(program, "client");
    await conn.sendMany([1, pattern(MIB)]);
    conn.close();
    assert.deepEqual(await program.ask("recv"), ["int", "1"]);
    assert.deepEqual(((await program.ask("recv_bytes")) as number[])[0] > MIB, true);
    assert.deepEqual(((await program.ask("poll")) as boolean[])[0], true);
    assert.equal(((await program.ask("recv")) as { error: string }).error, "EOFError");
    assert.equal(await program.end(), 0);
  });

  test("[case 26] a negative length from Python is a ProtocolError, and no empty message", async (context) => {
    if (found.length === 0) return context.skip("there is no Python on this machine");
    await using program = new PythonProgram((found.at(-1) as Python).path, "connections");
    const conn = await meet(program, "client");
    await program.ask("send", "'before'");
    await program.ask("write", "fffffffe");
    assert.equal(await conn.recv(), "before");
    await assert.rejects(conn.recv(), { name: "ProtocolError", message: /length is -2/ });
    conn.close();
    assert.equal(await program.end(), 0);
  });

  test("[case 27] the header of 64 bits is understood: Python's for messages beyond 2 GiB", async (context) => {
    if (found.length === 0) return context.skip("there is no Python on this machine");
    await using program = new PythonProgram((found.at(-1) as Python).path, "connections");
    using conn = await meet(program, "client");
    await program.ask("write", "ffffffff0000000000000003616263");
    assert.deepEqual(Buffer.from(await conn.recvBytes()).toString(), "abc");
    assert.equal(await program.end(), 0);
  });
});
