import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { watchdog } from "../processes/running.js";
import { PythonProgram } from "./python-program.js";
import { type Python, pythons } from "./pythons.js";

const found = pythons();
const none = found.length === 0 ? "there is no Python on this machine" : false;

interface Told {
  readonly address: string;
  readonly end?: string;
  readonly same?: boolean;
  readonly refused?: string;
  readonly step?: string;
  readonly result?: unknown;
  readonly error?: string;
}

/** What a program tells until its end, which is to be an orderly one. */
async function toldBy(program: PythonProgram): Promise<Told[]> {
  const lines: Told[] = [];
  for (let line = await program.next(); line !== undefined; line = await program.next()) lines.push(line as Told);
  assert.equal(await program.exit, 0);
  return lines;
}

describe("the Pythons of this machine, and the programs that interop tests run on them", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-pythons-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let sockets = 0;

  test("smoke: each is found once, from 3.7 on, the oldest first", { skip: none }, () => {
    assert.equal(new Set(found.map(({ path }) => realpathSync(path))).size, found.length);
    for (const { version } of found) assert.match(version, /^3\.([7-9]|\d\d)\.\d+$/);
    const minors = found.map(({ version }) => Number(version.split(".")[1]));
    assert.deepEqual(
      minors,
      minors.toSorted((one, other) => one - other),
    );
    assert.deepEqual(pythons("no_such_module"), []);
    assert.deepEqual(pythons("multiprocessing.connection"), found);
  });

  /** A listener of one version and a client of another, over each kind of address. */
  async function exchange(listening: Python, calling: Python, kind: "unix" | "tcp", authkey: string[]): Promise<void> {
    const address = kind === "unix" ? `unix:${join(folder, `socket-${sockets++}`)}` : "tcp:127.0.0.1:0";
    const listener = new PythonProgram(listening.path, "echo_listener", [address, ...authkey]);
    const { address: bound } = (await listener.next()) as Told;
    const client = new PythonProgram(calling.path, "echo_client", [bound, "--mode", "values", ...authkey]);
    const told = await toldBy(client);
    assert.deepEqual(told.at(-1), { end: "done", count: told.length - 1 });
    assert.deepEqual(
      told.slice(0, -1).filter(({ same }) => !same),
      [],
    );
    assert.ok(told.length > 50);
    assert.deepEqual(await toldBy(listener), [{ end: "eof" }]);
  }

  for (const python of found)
    test(`the programs run on Python ${python.version}, and end when their peer does`, async () => {
      await exchange(python, python, "unix", []);
      await exchange(python, found[0], "tcp", []);
      const child = spawn(python.path, [join(process.cwd(), "test/programs/python/fd_child.py"), "--mode", "values"], {
        stdio: ["ignore", "pipe", "inherit", "pipe"],
        env: { ...process.env, INTERPROC_FD: "3" },
      });
      const ended = new Promise((done) => child.once("close", done));
      child.stdio[3]?.on("error", () => undefined);
      (child.stdio[3] as NodeJS.WritableStream & { destroy(): void }).destroy();
      const output = (await child.stdout?.toArray())?.join("") ?? "";
      assert.match(output, /^\{"end": "(eof|BrokenPipeError|ConnectionResetError)"\}\n$/);
      assert.equal(await ended, 0);
    });

  for (const python of found)
    test(`a manager and its client of Python ${python.version} get through all their steps`, async () => {
      const key = ["--authkey", "secret"];
      const server = new PythonProgram(python.path, "manager_server", [
        "tcp:127.0.0.1:0",
        ...key,
        "--until-stdin-ends",
      ]);
      const { address } = (await server.next()) as Told;
      const steps = await toldBy(new PythonProgram(python.path, "manager_client", [address, ...key]));
      const failed = steps.filter(({ error }) => error !== undefined).map(({ step, error }) => `${step}: ${error}`);
      assert.deepEqual(failed, ["dict.missing: KeyError", "list.missing: IndexError", "queue.get-empty: Empty"]);
      const result = (name: string): unknown => steps.find(({ step }) => step === name)?.result;
      assert.deepEqual(result("dict.get"), [1, { two: 2.5 }]);
      assert.deepEqual(result("queue.get"), { job: 1 });
      assert.equal(steps.at(-1)?.step, "end");
      const wrong = new PythonProgram(python.path, "manager_client", [address, "--authkey", "other"]);
      assert.equal((await toldBy(wrong))[0].error, "AuthenticationError");
      assert.equal(await server.end(), 0);
    });

  test("a wrong authkey is told at both ends, and the listener goes on", { skip: none }, async () => {
    const { path } = found[found.length - 1];
    const listener = new PythonProgram(path, "echo_listener", ["tcp:127.0.0.1:0", "--authkey", "right"]);
    const { address } = (await listener.next()) as Told;
    const wrong = new PythonProgram(path, "echo_client", [address, "--authkey", "wrong"]);
    assert.equal((await toldBy(wrong))[0].end, "AuthenticationError");
    assert.equal(((await listener.next()) as Told).refused, "AuthenticationError");
    const right = new PythonProgram(path, "echo_client", [address, "--authkey", "right", "--mode", "values"]);
    assert.equal((await toldBy(right)).at(-1)?.end, "done");
    assert.deepEqual(await toldBy(listener), [{ end: "eof" }]);
  });
});
