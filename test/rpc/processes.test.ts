import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { expose, pipe, remote, share, spawn } from "interproc";
import { Session } from "#src/rpc/session.js";
import { until, watchdog } from "../processes/running.js";
import { calling, callingOnce, type Shop, serving } from "../programs/serving.js";
import { gate } from "./joined.js";

const abandoned = { code: "ERR_INTERPROC_ABANDONED" };

describe("calls between processes", watchdog, () => {
  test("smoke: run in the other process, with callbacks, sequences and errors", async () => {
    const [mine, theirs] = pipe();
    const child = spawn(serving, [theirs]);
    const api = remote<Shop>(mine);
    assert.equal(await api.pid(), child.pid);
    assert.deepEqual(await api.each([1, 2, 3], (n) => n * n), [1, 4, 9]);
    let sum = 0;
    for await (const n of api.count(1000)) sum += n;
    assert.equal(sum, 499_500);
    await assert.rejects(api.fail(), { remoteName: "RangeError", remoteStack: /serving\.[jt]s/ });
    const sums = await Promise.all(Array.from({ length: 5000 }, (_, n) => api.add(n, 1)));
    assert.deepEqual(
      sums,
      Array.from({ length: 5000 }, (_, n) => n + 1),
    );
    mine.close();
    assert.equal((await child.join()).code, 0);
  });

  test("run in a worker thread", async () => {
    const [mine, theirs] = pipe();
    const worker = new Worker(new URL("../programs/serving-worker.js", import.meta.url), { workerData: share(theirs) });
    const api = remote<Shop>(mine);
    assert.equal(await api.add(1, 2), 3);
    assert.deepEqual(await api.each([1, 2], (n) => n + 1), [2, 3]);
    const waiting = assert.rejects(api.never(new AbortController().signal), abandoned);
    await worker.terminate();
    await waiting;
    mine.close();
  });

  test("reject at once, all of them, when the server is killed", async () => {
    const [mine, theirs] = pipe();
    const child = spawn(serving, [theirs]);
    const api = remote<Shop>(mine);
    await api.add(1, 1);
    const calls = Array.from({ length: 100 }, () => api.never(new AbortController().signal));
    const sequence = await api.count(1_000_000);
    await sequence.next();
    await assert.rejects(api.die(), { ...abandoned, message: /^die\(\): the other side .* has closed it or died/ });
    for (const call of calls) await assert.rejects(call, { ...abandoned, message: /^never\(\)/ });
    await assert.rejects(async () => {
      for await (const _ of sequence);
    }, abandoned);
    await assert.rejects(api.add(1, 1), abandoned);
    assert.equal((await child.join()).signal, "SIGKILL");
  });

  test("that a killed client has made leave nothing: signals fire, sequences are ended, functions are forgotten", async () => {
    const [mine, theirs] = pipe();
    const fired = gate();
    const cleaned = gate();
    const ready = gate();
    let kept: (() => Promise<string>) | undefined;
    const exposed = expose(mine, {
      hold: (fn: () => Promise<string>, signal: AbortSignal) => {
        kept = fn;
        return new Promise<void>(() => signal.addEventListener("abort", () => fired.open()));
      },
      async *lines() {
        try {
          for (;;) yield "line";
        } finally {
          cleaned.open();
        }
      },
      ready: () => ready.open(),
    });
    const child = spawn(calling, [theirs]);
    await ready.opened;
    assert.equal(await kept?.(), "from the caller");
    child.kill();
    await exposed.closed;
    await fired.opened;
    await cleaned.opened;
    await assert.rejects(async () => kept?.(), abandoned);
    assert.deepEqual(Session.of(mine, "test").passed.sequences, 0);
    await child.join();
  });

  test("keep a process no longer than they wait: a client that is done ends by itself, its server serves on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "calls-"));
    const file = join(folder, "sum");
    const [mine, theirs] = pipe();
    const exposed = expose(mine, { add: (a: number, b: number) => a + b });
    const child = spawn(callingOnce, [theirs, file]);
    assert.equal((await child.join()).code, 0);
    assert.equal(readFileSync(file, "utf8"), "3");
    await exposed.closed;
    rmSync(folder, { recursive: true });
  });

  test("[kills] 10 servers killed at any moment under load: each call is answered or abandoned, none hangs", async () => {
    for (let round = 0; round < 10; round++) {
      const [mine, theirs] = pipe({ capacity: 4096 });
      const child = spawn(serving, [theirs]);
      const api = remote<Shop>(mine);
      await api.add(0, 0);
      let answered = 0;
      let lost = 0;
      const work = async (): Promise<void> => {
        for (;;) {
          try {
            assert.equal(await api.add(1, 1), 2);
            answered++;
          } catch (error) {
            assert.equal((error as { code?: string }).code, "ERR_INTERPROC_ABANDONED");
            lost++;
            return;
          }
        }
      };
      const all = Array.from({ length: 50 }, work);
      await until(() => answered > round * 300);
      child.kill();
      await Promise.all(all);
      assert.equal(lost, 50);
      await child.join();
    }
  });
});
