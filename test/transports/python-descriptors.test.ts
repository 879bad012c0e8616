import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { EOFError, spawnProgram } from "interproc";
import { isRunning, until, watchdog } from "../processes/running.js";
import { projectRoot } from "../project-root.js";
import { PythonProgram } from "./python-program.js";
import { type Python, pythons } from "./pythons.js";

const found = pythons();
const programFile = (name: string): string => fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
const start = (parent: PythonProgram, name: string, kind: string, number = 0): Promise<unknown> =>
  parent.ask("start", process.execPath, programFile(name), kind, number);
const values = [null, true, 1.5, 2 ** 40, "grüße", [1, [2]], { a: { b: null } }, []];

describe("descriptors that are passed between Python and Node", watchdog, () => {
  for (const { version, path } of found) {
    test(`[case 24] Python ${version} is the parent of a Node program, and hands it an end of Pipe()`, async () => {
      await using parent = new PythonProgram(path, "node_child");
      const pid = await start(parent, "descriptor-echo", "both");
      assert.deepEqual(await parent.ask("recv"), { pid });
      assert.deepEqual(await parent.ask("exchange", values), []);
      assert.deepEqual(await parent.ask("large", 3_000_000), []);
      await parent.ask("close");
      assert.deepEqual(await parent.ask("told"), [0, ""]);
      assert.equal(await parent.end(), 0);
    });

    test(`[case 18] ends of Pipe(duplex=False) of Python ${version} only read here, or only write`, async () => {
      await using parent = new PythonProgram(path, "node_child");
      await start(parent, "descriptor-reader", "reader");
      for (const value of values) await parent.ask("send", value);
      await parent.ask("close");
      const [code, output] = (await parent.ask("told")) as [number, string];
      assert.deepEqual([code, JSON.parse(output)], [0, { values, refused: "BrokenPipeError" }]);
      await start(parent, "descriptor-writer", "writer");
      assert.deepEqual(await parent.ask("received"), [1, "two", { three: [3] }, 200_000]);
      assert.deepEqual(await parent.ask("told"), [0, ""]);
      assert.equal(await parent.end(), 0);
    });

    test(`[case 24] a Node parent hands Python ${version} a socket, and reads to the end of file when it is killed`, async () => {
      const script = `${projectRoot}/test/programs/python/fd_child.py`;
      await using child = spawnProgram(path, [script], { connection: "python" });
      const { connection: conn } = child;
      for (const value of values) {
        await conn.send(value);
        assert.deepEqual(await conn.recv(), value);
      }
      process.kill(child.pid as number, "SIGKILL");
      await assert.rejects(conn.recv(), EOFError);
      assert.deepEqual(await child.join(), { code: null, signal: "SIGKILL" });
    });
  }

  for (const { version, path } of new Set([found[0], found[found.length - 1]].filter((one) => one !== undefined))) {
    test(`a Node program that is killed is an EOFError in its parent, Python ${version}; a Python parent that is killed ends it`, async () => {
      await using parent = new PythonProgram(path, "node_child");
      await start(parent, "descriptor-echo", "both");
      await parent.ask("recv");
      await parent.ask("kill");
      assert.deepEqual(await parent.ask("received"), []);
      assert.deepEqual(await parent.ask("told"), [-9, ""]);
      const pid = (await start(parent, "descriptor-echo", "both")) as number;
      await parent.ask("recv");
      await parent.kill();
      await until(() => !isRunning(pid));
    });
  }

  test("[case 24] the number of a descriptor that is handed over may be above 255", async (context) => {
    if (found.length === 0) return context.skip("there is no Python on this machine");
    await using parent = new PythonProgram(found[0].path, "node_child");
    const pid = await start(parent, "descriptor-echo", "both", 300);
    assert.deepEqual(await parent.ask("recv"), { pid });
    assert.deepEqual(await parent.ask("exchange", values), []);
    await parent.ask("close");
    assert.deepEqual(await parent.ask("told"), [0, ""]);
    assert.equal(await parent.end(), 0);
  });

  test("a parent that is Python and hands over a number that is no descriptor: the error names it", async (context) => {
    if (found.length === 0) return context.skip("there is no Python on this machine");
    const child = spawn(process.execPath, [programFile("descriptor-echo")], {
      env: { ...process.env, INTERPROC_FD: "987" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const errors = (await child.stderr.toArray()).join("");
    assert.match(errors, /SystemError|NotFoundError/);
    assert.match(errors, /fd:987/);
  });

  test("smoke: there is a Python to test with, from 3.7 on", { skip: found.length === 0 && "there is none" }, () => {
    assert.match((found[0] as Python).version, /^3\./);
  });
});
