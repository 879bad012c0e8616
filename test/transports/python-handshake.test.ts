import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type AsyncConnection, type ConnectOptions, connect, type ListenOptions, listen, UsageError } from "interproc";
import { watchdog } from "../processes/running.js";
import { projectRoot } from "../project-root.js";
import { kindOf, type MatrixRow, matrixTable, type Outcome, pythonMatrix } from "./python-matrix.js";
import { PythonProgram } from "./python-program.js";
import { type Python, pythons } from "./pythons.js";

const found = pythons();
const newest = found.at(-1) as Python;
const none = found.length === 0 ? "there is no Python on this machine" : false;
const framing = "python" as const;

const nameOf = (error: unknown): string => (error as Error).name;
const told = (answer: unknown): string => (answer as { error?: string })?.error ?? String(answer);

describe("Python's handshake, by versions, roles, keys and transports", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-handshake-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let sockets = 0;
  const place = (transport: string): string =>
    transport === "tcp" ? "tcp://127.0.0.1:0" : `unix:${join(folder, `socket-${sockets++}`)}`;

  /** What a first message and its answer come to. */
  async function used(conn: AsyncConnection, program: PythonProgram, sends: boolean): Promise<[string, string]> {
    const python = program.ask(sends ? "recv" : "echo", ...(sends ? [] : [1]));
    try {
      if (sends) await conn.send("hello");
      else {
        await conn.send(["hello"]);
        assert.deepEqual(await conn.recv(), ["hello"]);
      }
      return ["connected", told(await python).replace(/^(str,.*|1)$/, "connected")];
    } catch (error) {
      conn.close();
      return [nameOf(error), told(await python)];
    }
  }

  async function weListen(program: PythonProgram, row: MatrixRow, transport: string): Promise<[string, string]> {
    await using listener = await listen(place(transport), { framing, ...row.options } as ListenOptions);
    const connecting = program.ask("connect", listener.address, row.key);
    if (row.key !== null && row.options.authkey === undefined) {
      const conn = await listener.accept();
      await conn.send("a value, and no challenge");
      const python = told(await connecting);
      return [await conn.recv().catch(nameOf).then(String), python];
    }
    const accepting = listener.accept().catch((error: Error) => error);
    const outcome = told(await connecting);
    if (outcome !== "connected") return [nameOf(await accepting), outcome];
    if (row.key === null && row.options.authkey !== undefined) {
      const recv = told(await program.ask("recv")); // the challenge, which is no pickle
      await program.ask("close");
      return [nameOf(await accepting), recv];
    }
    const conn = (await accepting) as AsyncConnection;
    const result = await used(conn, program, false);
    conn.close();
    return result;
  }

  async function weConnect(program: PythonProgram, row: MatrixRow, transport: string): Promise<[string, string]> {
    const address = (await program.ask("listen", place(transport), row.key)) as string;
    const accepting = program.ask("accept");
    try {
      const conn = await connect(address, { framing, ...row.options } as ConnectOptions);
      if (row.key !== null && row.options.authkey === undefined) {
        const ours = await conn.recv().catch(nameOf);
        conn.close();
        return [String(ours), told(await accepting)];
      }
      assert.equal(await accepting, "connected");
      const result = await used(conn, program, false);
      conn.close();
      return result;
    } catch (error) {
      const python = told(await accepting);
      return [nameOf(error), python === "connected" ? told(await program.ask("recv")) : python];
    } finally {
      await program.ask("close_listener");
    }
  }

  const isAs = ([ours, python]: [string, string], expected: Outcome): boolean =>
    ours === expected.ours && expected.python.includes(python);

  for (const python of found)
    test(`[case 33] ${pythonMatrix.length} combinations of keys with Python ${python.version}, over unix and tcp, in both roles`, async () => {
      await using program = new PythonProgram(python.path, "connections");
      const wrong: unknown[] = [];
      for (const transport of ["unix", "tcp"])
        for (const row of pythonMatrix)
          for (const role of ["listening", "connecting"] as const) {
            const outcome = await (role === "listening" ? weListen : weConnect)(program, row, transport);
            const expected = row[role][kindOf(python)];
            if (!isAs(outcome, expected)) wrong.push({ transport, keys: row.keys, role, outcome, expected });
          }
      assert.deepEqual(wrong, []);
      assert.equal(await program.end(), 0);
    });

  for (const python of found.filter((one) => kindOf(one) === "legacy"))
    test(`[case 33] Python ${python.version} is told apart: without md5: true the error says what would allow it`, async () => {
      await using program = new PythonProgram(python.path, "connections");
      const says = { name: "AuthenticationError", message: /speaks MD5 only, as Python 3\.11 and older do; md5: true/ };
      await using listener = await listen(place("unix"), { framing, authkey: "secret" });
      const accepting = assert.rejects(listener.accept(), says);
      const refused = (await program.ask("connect", listener.address, "secret")) as { message: string };
      assert.match(refused.message, /digest sent was rejected/);
      await accepting;
      const address = (await program.ask("listen", place("unix"), "secret")) as string;
      const received = program.ask("accept");
      await assert.rejects(connect(address, { framing, authkey: "secret" }), says);
      assert.match(((await received) as { message: string }).message, /digest received was wrong/);
      assert.equal(await program.end(), 0);
    });

  test("[case 36] an empty key is refused before anything is opened", async () => {
    for (const authkey of ["", new Uint8Array(0)])
      for (const opening of [listen, connect]) {
        const refused = opening("tcp://127.0.0.1:1", { framing, authkey });
        await assert.rejects(refused, (error) => error instanceof UsageError && /authkey is empty/.test(error.message));
      }
    await assert.rejects(connect("tcp://127.0.0.1:1", { framing, md5: true }), { name: "UsageError" });
  });

  test("[case 36] a key on Python's side only: while nobody sends, receiving waits no longer than its timeout", async (context) => {
    if (none) return context.skip(none);
    await using program = new PythonProgram(newest.path, "connections");
    await using listener = await listen(place("unix"), { framing });
    const connecting = program.ask("connect", listener.address, "secret");
    const conn = await listener.accept();
    await assert.rejects(conn.recv({ timeout: 20 }), { name: "TimeoutError" });
    conn.close();
    assert.match(told(await connecting), /^(EOFError|ConnectionResetError)$/);
    assert.equal(await program.end(), 0);
  });

  test("[case 33] a wrong key costs one accept(), which tells; the listener and Python's next try go on", async (context) => {
    if (none) return context.skip(none);
    await using program = new PythonProgram(newest.path, "connections");
    const refusals: string[] = [];
    const onRefused = ({ message }: Error): number => refusals.push(message);
    await using listener = await listen(place("tcp"), { framing, authkey: "right", onRefused });
    assert.equal(told(await program.ask("connect", listener.address, "wrong")), "AuthenticationError");
    await assert.rejects(listener.accept(), { name: "AuthenticationError", message: /another authkey/ });
    assert.equal(await program.ask("connect", listener.address, "right"), "connected");
    await program.ask("send", "{'after': 'that'}");
    assert.deepEqual(await (await listener.accept()).recv(), { after: "that" });
    assert.deepEqual([refusals.length, listener.refusedConnections], [1, 1]);
    assert.equal(await program.end(), 0);
  });

  test("the page of Python's formats has the table of what these tests hold", () => {
    assert.ok(readFileSync(join(projectRoot, "docs/formats/python.md"), "utf8").includes(matrixTable()), matrixTable());
  });
});
