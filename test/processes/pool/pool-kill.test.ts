import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AbandonedError, Pool, pipe, SharedEvent, SharedValue } from "interproc";
import { markAndDie } from "../../programs/pool-marks.js";
import { devourMemory, dieAtThree, exitWith, killSelf, throwLater } from "../../programs/pool-trouble.js";
import { triple, waiting } from "../../programs/pool-work.js";
import { isRunning, until, watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

const statuses = async (calls: readonly Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(calls)).map(({ status }) => status);

describe("a pool whose worker is killed", watchdog, () => {
  test("smoke: [case 80] fails what that one was running with an AbandonedError that says how it ended, and goes on", async () => {
    await using pool = new Pool({ processes: 1 });
    await assert.rejects(pool.run(killSelf), (error: unknown) => {
      assert.ok(error instanceof AbandonedError);
      assert.match(
        error.message,
        /task "killSelf" was running in process \d+ \(Pool-\d+-1\), which ended with signal SIGKILL/,
      );
      assert.match(error.message, /retries: n/);
      return true;
    });
    assert.equal(await pool.run(triple, 1), 3);
    await assert.rejects(pool.run(exitWith, 3), /ended with code 3/);
    await assert.rejects(pool.map(killSelf as never, [["SIGSEGV"]]), AbandonedError);
    assert.deepEqual(await pool.map(triple, [1, 2]), [3, 6]);
  });

  test("[case 80] while that one had nothing to do loses nothing, and nobody notices", async () => {
    await using pool = new Pool({ processes: 2 });
    await pool.warm();
    for (let round = 0; round < 4; round++) {
      const [victim] = pool.pids;
      process.kill(victim, "SIGKILL");
      if (round % 2 === 0) await until(() => !isRunning(victim));
      assert.deepEqual(await pool.map(triple, [1, 2, 3, 4]), [3, 6, 9, 12]);
    }
    for (const pid of pool.pids) process.kill(pid, "SIGKILL");
    assert.equal(await pool.run(triple, 5), 15);
  });

  test("[case 80] with work lying before it gives that to others: each is made once", async () => {
    await using pool = new Pool({ processes: 1 });
    using begun = new SharedValue("i32", 0);
    using gate = new SharedEvent();
    using marks = new SharedValue("i32", 0);
    await pool.run(triple, 1);
    await pool.run(markAndDie, new SharedValue("i32", 0), false);
    const running = pool.run(waiting, begun, gate);
    const others = Array.from({ length: 50 }, (_, n) => pool.run(triple, n));
    const marking = Array.from({ length: 10 }, () => pool.run(markAndDie, marks, false));
    await begun.waitUntil((count) => count === 1);
    process.kill(pool.pids[0], "SIGKILL");
    await assert.rejects(running, AbandonedError);
    assert.deepEqual(
      await Promise.all(others),
      others.map((_, n) => n * 3),
    );
    assert.deepEqual(
      await Promise.all(marking),
      marking.map((_, n) => n + 1),
    );
    gate.set();
  });

  test("[case 80] makes the call again as often as was asked for, and no more often", async () => {
    await using pool = new Pool({ processes: 1, retries: 2 });
    const marks = Array.from({ length: 3 }, () => new SharedValue("i32", 0));
    assert.equal(await pool.run(markAndDie, marks[0], true, 2), 3);
    await assert.rejects(pool.run(markAndDie, marks[1], true), /it was tried 3 times/);
    assert.equal(marks[1].value, 3);
    await assert.rejects(pool.with({ retries: 0 }).run(markAndDie, marks[2], true), AbandonedError);
    assert.equal(marks[2].value, 1);
    for (const one of marks) one.close();
  });

  for (const chunkSize of [1, 4, undefined])
    test(`with a poison item and retries fails that one, and makes the others, chunks of ${chunkSize ?? "any size"}`, async () => {
      await using pool = new Pool({ processes: 2 });
      const marks = Array.from({ length: 12 }, () => new SharedValue("i32", 0));
      const items = marks.map((mark, n) => [mark, n === 5] as [SharedValue<"i32">, boolean]);
      const options = { retries: 1, ...(chunkSize && { chunkSize }) };
      await assert.rejects(pool.starmap(markAndDie, items, options), /it was tried 2 times/);
      assert.deepEqual(
        marks.map(({ value }) => value),
        marks.map((_, n) => (n === 5 ? 2 : 1)),
      );
      for (const one of marks) one.close();
    });

  test("in a chunk fails the calls of it that had begun, and makes the others", async () => {
    await using pool = new Pool({ processes: 1 });
    const results = pool.imap(dieAtThree, [0, 1, 2, 3, 4, 5], { chunkSize: 6 });
    const outcomes: unknown[] = [];
    for (let n = 0; n < 6; n++)
      outcomes.push(
        await results.next().then(
          ({ value }) => value,
          (error: Error) => error.name,
        ),
      );
    assert.deepEqual(outcomes, ["AbandonedError", "AbandonedError", "AbandonedError", "AbandonedError", 4, 5]);
    const again = pool.imap(dieAtThree, [0, 1, 2, 4, 5], { chunkSize: 6, retries: 1 });
    assert.deepEqual(
      await Promise.all([again.next(), again.next(), again.next(), again.next(), again.next()]),
      [0, 1, 2, 4, 5].map((value) => ({ done: false, value })),
    );
  });

  test("by running out of memory fails what did that, and goes on", async () => {
    await using pool = new Pool({ processes: 1, execArgv: ["--max-old-space-size=40"], stdio: "ignore" });
    await assert.rejects(pool.run(devourMemory), AbandonedError);
    assert.equal(await pool.run(triple, 1), 3);
  });

  test("gives the peer of a connection that had moved to it the end of file, and cannot make that call again", async () => {
    await using pool = new Pool({ processes: 1, retries: 3 });
    const { holding } = await import("../../programs/piping.js");
    const [mine, theirs] = pipe();
    const [ready, told] = pipe();
    const call = pool.run(holding, theirs, told);
    assert.equal(await ready.recv(), "ready");
    process.kill(pool.pids[0], "SIGKILL");
    await assert.rejects(call, /ended, and the connection that moved to it cannot be given again/);
    for (const end of [mine, ready]) {
      await assert.rejects(end.recv(), { code: "ERR_INTERPROC_EOF" });
      end.close();
    }
    assert.equal(await pool.run(triple, 1), 3);
  });

  test("while it is stopped goes on with the others, and hears of it when it goes on", async () => {
    await using pool = new Pool({ processes: 2 });
    using begun = new SharedValue("i32", 0);
    using gate = new SharedEvent();
    await pool.warm();
    const running = [pool.run(waiting, begun, gate, 1), pool.run(waiting, begun, gate, 2)];
    await begun.waitUntil((count) => count === 2);
    const [stopped] = pool.pids;
    process.kill(stopped, "SIGSTOP");
    gate.set();
    await Promise.race(running);
    assert.deepEqual(await pool.map(triple, [1, 2, 3]), [3, 6, 9]);
    process.kill(stopped, "SIGCONT");
    assert.deepEqual(await Promise.all(running), [1, 2]);
  });
});

for (const worker of workerKinds)
  describe(`a pool whose worker ends by itself (${worker})`, watchdog, () => {
    test("smoke: [case 80] fails the one call that was running", async () => {
      await using pool = new Pool({ processes: 2, worker, stdio: "ignore" });
      const calls = [pool.run(triple, 1), pool.run(exitWith, 7), pool.run(triple, 2), pool.run(exitWith, 0)];
      assert.deepEqual(await statuses(calls), ["fulfilled", "rejected", "fulfilled", "rejected"]);
      await assert.rejects(pool.run(exitWith, 7), /ended with code 7/);
      assert.equal(await pool.run(triple, 3), 9);
    });

    test("by an error that nobody caught fails what was running", async () => {
      await using pool = new Pool({ processes: 1, worker, stdio: "ignore" });
      await assert.rejects(pool.run(throwLater), worker === "thread" ? /out of the blue/ : /ended with code 1/);
      assert.equal(await pool.run(triple, 3), 9);
    });
  });
