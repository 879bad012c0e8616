import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { AbandonedError, connectManager, ServedQueue, serveManager } from "interproc";
import { RunningProgram, until, watchdog } from "../processes/running.js";
import { kindOf } from "../transports/python-matrix.js";
import { PythonProgram } from "../transports/python-program.js";
import { pythons } from "../transports/pythons.js";

const found = pythons();
const authkey = "secret";

describe("managers between Node and Python, when one side is killed", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-manager-kill-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let sockets = 0;
  const path = (): string => join(folder, `socket-${sockets++}`);

  for (const python of found) {
    const md5 = kindOf(python) === "legacy";

    test(`the manager is Node: a call of Python ${python.version} that waits raises EOFError, a later one finds nobody`, async () => {
      const server = new RunningProgram("serving-manager", path());
      const address = (await server.line()) as string;
      await using program = new PythonProgram(python.path, "manager_proxies");
      await program.ask("connect", address, authkey);
      await program.ask("create", "jobs", "jobs");
      assert.equal(await program.ask("call", "jobs", "qsize"), 0);
      const waiting = program.ask("raised", "jobs.get()") as Promise<{ class: string }>;
      server.kill();
      assert.match((await waiting).class, /^builtins\.(EOFError|ConnectionResetError|BrokenPipeError)$/);
      const late = (await program.ask("raised", "jobs.qsize()")) as { class: string };
      assert.match(late.class, /^builtins\.(BrokenPipeError|EOFError|ConnectionRefusedError|ConnectionResetError)$/);
    });

    test(`the manager is Python ${python.version}: calls that wait are AbandonedErrors, later ones find nobody`, async () => {
      const place = `unix:${path()}`;
      await using program = new PythonProgram(python.path, "manager_server", [place, "--authkey", authkey]);
      await program.next();
      const manager = await connectManager(place, { authkey, md5 });
      const barrier = await manager.create("Barrier", 4);
      const waiting = [0, 1, 2].map(() => assert.rejects(barrier.call("wait"), AbandonedError));
      while ((await barrier.call("__getattribute__", "n_waiting")) !== waiting.length);
      await program.kill();
      await Promise.all(waiting);
      await assert.rejects(barrier.call("__getattribute__", "n_waiting"), {
        name: "SystemError",
        errno: "ECONNREFUSED",
      });
      await manager.close();
    });

    test(`a client of Python ${python.version} that is killed while it waits takes nothing, and its references are dropped`, async () => {
      const jobs = new ServedQueue<number>();
      await using server = await serveManager(`unix:${path()}`, { jobs }, { authkey, md5: true });
      const victim = new PythonProgram(python.path, "manager_proxies");
      await victim.ask("connect", server.address, authkey);
      await victim.ask("create", "jobs", "jobs");
      const taken = victim.ask("call", "jobs", "get");
      await until(() => waitingIn(jobs) === 1);
      await victim.kill();
      assert.equal(await taken, undefined);
      await until(() => waitingIn(jobs) === 0);
      assert.equal(jobs.tryPut(7), true);
      assert.equal(jobs.size, 1);
      await until(() => server.numberOfObjects === 0);
    });

    test(`a client of Node's that is killed: Python ${python.version} serves the others, and keeps what the dead one held`, async () => {
      const place = `unix:${path()}`;
      await using program = new PythonProgram(python.path, "manager_server", [place, "--authkey", authkey]);
      await program.next();
      const victim = new RunningProgram("managed-client", place, kindOf(python));
      assert.equal(await victim.line(), "1");
      await using manager = await connectManager(place, { authkey, md5 });
      const before = await manager.numberOfObjects();
      victim.kill();
      assert.equal(await victim.line(), undefined);
      const lock = await manager.lock("shared_lock");
      await assert.rejects(lock.acquire({ timeout: 20 }), { name: "TimeoutError" });
      await lock.release(); // anybody can: that is Python's lock
      await lock.withLock(() => undefined);
      await lock.close();
      assert.equal(await manager.numberOfObjects(), before);
    });
  }
});

/** How many calls wait for an item. */
function waitingIn(jobs: unknown): number {
  return (jobs as { getting: unknown[] }).getting.length;
}
