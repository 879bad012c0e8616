import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pipe, Queue, SharedValue, spawn } from "interproc";
import { codes, watchdog } from "../../contract/connection-kind.js";
import { stateOf, until } from "../../memory/processes.js";
import { flooding, forgetting, taking, waitingToGet, working } from "../../programs/queueing.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";
import { heldFor, objectsInDirectory, states } from "./inside-queue.js";

describe("a queue whose user is killed", { timeout: 60_000 }, () => {
  test("smoke: [case 46] what a consumer had taken comes again, in front, in order, marked as redelivered", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2, 3, 4]);
    const [mine, theirs] = pipe<string, unknown>();
    const child = spawn(taking, [queue, 3, theirs]);
    assert.deepEqual(await mine.recv(), [
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    assert.deepEqual([queue.size, queue.unacked], [1, 3]);
    child.kill();
    await child.join();
    assert.deepEqual([queue.size, queue.unacked], [4, 0]);
    const seen: unknown[] = [];
    queue.shutdown();
    for await (const message of queue.messages()) {
      seen.push([message.value, message.redelivered, message.deliveries]);
      message.ack();
    }
    assert.deepEqual(seen, [
      [1, true, 2],
      [2, true, 2],
      [3, true, 2],
      [4, false, 1],
    ]);
    mine.close();
  });

  for (const end of ["exit", "ack", "return"] as const)
    test(`a consumer that ends in an orderly way (${end}) gives back what it had not acknowledged`, async () => {
      using queue = new Queue<number>();
      await queue.putMany([1, 2]);
      const [mine, theirs] = pipe<string, unknown>();
      const child = spawn(taking, [queue, 2, theirs]);
      await mine.recv();
      await mine.send(end);
      await child.join();
      assert.deepEqual([queue.size, queue.unacked], end === "ack" ? [0, 0] : [2, 0]);
      if (end !== "ack") assert.deepEqual([queue.tryGet(), queue.tryGet()], [1, 2]);
      mine.close();
    });

  for (const form of ["get", "getSync"] as const)
    test(`who waits by ${form} is woken by the death of who had taken the last message`, async () => {
      using queue = new Queue<number>();
      queue.tryPut(7);
      const [mine, theirs] = pipe<string, unknown>();
      const child = spawn(taking, [queue, 1, theirs]);
      await mine.recv();
      setTimeout(() => child.kill(), 20);
      if (form === "get") assert.equal(await queue.get(), 7);
      else {
        child.kill();
        assert.equal(queue.getSync(), 7);
      }
      await child.join();
      mine.close();
    });

  for (const form of ["get", "getSync"] as const)
    test(`[case 46] a consumer killed while it waits by ${form} is handed nothing, and the others go on`, async () => {
      using queue = new Queue<number>();
      const [mine, theirs] = pipe<never, string>();
      const child = spawn(waitingToGet, [queue, theirs, form]);
      await mine.recv();
      await sleep(30);
      const waiting = queue.get();
      child.kill();
      await child.join();
      await queue.put(1);
      assert.equal(await waiting, 1);
      await queue.put(2);
      assert.equal(await queue.get(), 2);
      mine.close();
    });

  test("[case 46] a producer killed at random in putSync of long messages leaves nothing half and no block lost", async () => {
    const capacity = 262_144;
    using queue = new Queue<Uint8Array>({ capacity });
    using count = new SharedValue("i32", 0);
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const length = capacity / 4 - random.below(5000);
    for (let kill = 0; kill < 8; kill++) {
      const child = spawn(flooding, [queue, length, count]);
      const target = count.value + 5 + random.below(20);
      while (count.value < target) await consume();
      while (random.below(3) !== 0) await consume();
      child.kill();
      await child.join();
      while (queue.size > 0) await consume();
      assert.deepEqual(states(queue), { ready: 0, taken: 0, writing: 0 }, `INTERPROC_SEED=${seed}`);
      let put = 0;
      while (queue.tryPut(new Uint8Array(128))) put++;
      assert.equal(put, capacity / 128, `INTERPROC_SEED=${seed}`);
      while (queue.tryGet());
    }

    async function consume(): Promise<void> {
      const bytes = await queue.get();
      assert.equal(bytes.length, length);
      assert.ok(
        bytes.every((byte) => byte === bytes[0]),
        "no message is half of one and half of another",
      );
    }
  });

  test("consumers killed at random lose nothing that was not acknowledged", async () => {
    using queue = new Queue<number>({ capacity: 65_536 });
    using done = new Queue<number>({ capacity: 2 ** 20 });
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const total = 6000;
    const producing = (async () => {
      for (let i = 0; i < total; i++) await queue.put(i);
    })();
    const seen = new Set<number>();
    let workers = [spawn(working, [queue, done]), spawn(working, [queue, done])];
    const drain = (): void => {
      for (let number = done.tryGet(); number !== undefined; number = done.tryGet()) seen.add(number);
    };
    for (let kill = 0; kill < 6; kill++) {
      const target = seen.size + 100 + random.below(500);
      while (seen.size < target && seen.size < total) {
        drain();
        await sleep(1);
      }
      const [victim, survivor] = random.below(2) === 0 ? workers : [...workers].reverse();
      victim.kill();
      await victim.join();
      workers = [survivor, spawn(working, [queue, done])];
    }
    await producing;
    await queue.join();
    queue.shutdown();
    for (const worker of workers) assert.equal((await worker.join()).code, 0);
    drain();
    assert.equal(seen.size, total, `INTERPROC_SEED=${seed}`);
    assert.deepEqual(states(queue), { ready: 0, taken: 0, writing: 0 });
  });

  test("a message that kills each consumer becomes a dead letter, and the others go on", async () => {
    using letters = new Queue<unknown>();
    using queue = new Queue<string>({ maxDeliveries: 2, deadLetter: letters });
    await queue.putMany(["deadly", "good"]);
    for (let i = 1; i <= 2; i++) {
      const [mine, theirs] = pipe<string, unknown>();
      const child = spawn(taking, [queue, 1, theirs]);
      assert.deepEqual(await mine.recv(), [["deadly", i]]);
      child.kill();
      await child.join();
      mine.close();
    }
    assert.equal(await queue.get(), "good");
    assert.deepEqual([letters.tryGet(), queue.size, queue.unacked], ["deadly", 0, 0]);
  });

  test("the end of a shut down queue waits for who works, and comes when that one is killed: its message first", async () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    const [mine, theirs] = pipe<string, unknown>();
    const child = spawn(taking, [queue, 1, theirs]);
    await mine.recv();
    queue.shutdown();
    const got: number[] = [];
    const loop = (async () => {
      for await (const number of queue) got.push(number);
    })();
    await sleep(50);
    assert.deepEqual([queue.unacked, queue.size], [1, 0]);
    child.kill();
    await loop;
    assert.deepEqual(got, [1]);
    await child.join();
    mine.close();
  });

  test("join waits for who works, and goes on waiting when that one is killed", async () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    const [mine, theirs] = pipe<string, unknown>();
    const child = spawn(taking, [queue, 1, theirs]);
    await mine.recv();
    const joining = queue.join();
    child.kill();
    await child.join();
    await assert.rejects(queue.join({ timeout: 20 }), codes.timeout);
    assert.equal(await queue.get(), 1);
    await joining;
    mine.close();
  });
});

describe("a queue whose last user ends without closing it", watchdog, () => {
  for (const name of ["", "forgotten"])
    test(`smoke: leaves nothing behind, long messages and objects in them included (${name || "anonymous"})`, async () => {
      const before = objectsInDirectory();
      assert.equal((await spawn(forgetting, [name]).join()).code, 0);
      assert.deepEqual(
        objectsInDirectory().filter((one) => !before.includes(one)),
        [],
      );
    });
});

describe("a queue whose user is stopped", watchdog, () => {
  test("smoke: keeps what that one has taken, and everybody else goes on", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2]);
    const [mine, theirs] = pipe<string, unknown>();
    const child = spawn(taking, [queue, 1, theirs]);
    await mine.recv();
    process.kill(child.pid, "SIGSTOP");
    await until(() => stateOf(child.pid) === "T");
    assert.equal(await queue.get(), 2);
    await queue.put(3);
    assert.equal(queue.getSync(), 3);
    assert.deepEqual([queue.size, queue.unacked], [0, 1]);
    await assert.rejects(queue.get({ timeout: 60 }), codes.timeout);
    process.kill(child.pid, "SIGCONT");
    await mine.send("ack");
    await child.join();
    await queue.join();
    assert.deepEqual([queue.unacked, heldFor(queue)], [0, []]);
    mine.close();
  });
});
