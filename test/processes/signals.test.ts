import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Lock, pipe, Queue, SharedEvent, spawn } from "interproc";
import { waitThrough } from "../programs/signalled.js";
import { until, watchdog } from "./running.js";

/** Whether a process sleeps, as one does that waits. */
const sleeps = (pid: number): boolean => /^\d+ \(.*\) S/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

describe("a call that waits", watchdog, () => {
  test("smoke: [case 83] goes on waiting when signals come, handled ones and a stop, in every form", async () => {
    const [mine, conn] = pipe<string, string>({ capacity: 65_536 });
    using queue = new Queue<string>();
    using lock = new Lock();
    using event = new SharedEvent();
    const child = spawn(waitThrough, [{ conn, queue, lock, event }]);
    const disturb = async (): Promise<void> => {
      await until(() => sleeps(child.pid));
      for (let n = 0; n < 5; n++) {
        for (let times = 0; times < 5; times++) process.kill(child.pid, "SIGUSR2");
        process.kill(child.pid, "SIGSTOP");
        process.kill(child.pid, "SIGCONT");
        await new Promise(setImmediate);
      }
      assert.equal(child.isAlive, true);
    };
    /** The child comes to this call, is disturbed in it, and then gets what it waits for. */
    const through = async (call: string, satisfy: () => unknown): Promise<void> => {
      assert.equal(await mine.recv(), call);
      await disturb();
      await satisfy();
    };
    const hold = async (): Promise<() => void> => {
      const held = await lock.acquire();
      return () => held.release();
    };
    let release = await hold();
    await through("recvSync", () => mine.send("one"));
    await through("getSync", () => queue.put("two"));
    await through("acquireSync", release);
    await through("waitSync", () => event.set());
    await through("waitSync of several", () => event.set());
    release = await hold();
    await through("recv", () => mine.send("three"));
    await through("get", () => queue.put("four"));
    await through("acquire", release);
    await through("wait", () => event.set());
    for (const call of ["sendSync", "send"]) {
      await through(call, () => undefined);
      for (let n = 0; n < 4; n++) assert.equal((await mine.recv()).length, 50_000);
    }
    assert.deepEqual(await child.result(), ["one", "two", 1, "three", "four", 1]);
    assert.deepEqual(await child.join(), { code: 0, signal: null });
    mine.close();
  });
});
