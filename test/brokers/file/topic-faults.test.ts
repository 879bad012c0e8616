import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openQueue, openTopic } from "interproc";
import type { FileDoor } from "#src/brokers/file/file-door.js";
import { FailingFiles, type Fault } from "./failing-files.js";
import { openedTopic } from "./opened-topic.js";
import { drained, left, workers } from "./what-is-left.js";

const watchdog = { timeout: 120_000 };
const mismatch = { code: "ERR_INTERPROC_MISMATCH" };
const home = mkdtempSync(join(tmpdir(), "interproc-topic-faults-"));
let made = 0;
const fresh = (): string => join(home, `t${++made}`);

describe("a durable topic whose files fail", () => {
  for (const fault of ["fails", "is cut short", "is torn"] as Fault[])
    test(
      `each step once ${fault}: a group and a listener see what was confirmed, and nothing that was refused`,
      watchdog,
      async () => {
        let isPast = false;
        for (let step = 1; !isPast; step++) {
          const path = fresh();
          await (await (await openTopic(`file:${path}`)).subscribe("#", workers)).close();
          const files = new FailingFiles(step, fault);
          await using ears = await openTopic<number>(`file:${path}`);
          await using listener = await ears.subscribe();
          const confirmed: number[] = [];
          const refused: number[] = [];
          let topic: Awaited<ReturnType<typeof openedTopic<number>>> | undefined;
          for (let n = 0; n < 6; n++)
            try {
              topic ??= await openedTopic<number>(path, { door: files.door, leastToRewrite: 4400 });
              await topic.publish(n, { key: "a.b" });
              confirmed.push(n);
            } catch (error) {
              assert.equal((error as { code: string }).code, "ERR_INTERPROC_SYSTEM", `step ${step}: ${error}`);
              refused.push(n);
            }
          await topic?.close();
          isPast = !files.hasFailed;
          if (fault !== "is cut short") assert.ok(refused.length <= (isPast ? 0 : 1), `step ${step}`);
          assert.deepEqual(await drained(listener), confirmed, `step ${step}, listener`);
          assert.deepEqual(await left(path), confirmed, `step ${step}, group`);
        }
      },
    );

  test("a listener does not see what is not on the disk yet, and never what a sync has refused", watchdog, async () => {
    const path = fresh();
    const files = new FailingFiles(-1, "fails");
    let isSlow = false;
    let fail: ((error: Error) => void) | undefined;
    const door: FileDoor = {
      ...files.door,
      sync: (fd) => {
        if (!isSlow) return files.door.sync(fd);
        isSlow = false;
        return new Promise((_resolve, reject) => {
          fail = reject;
        });
      },
    };
    await using topic = await openedTopic<number>(path, { door });
    await using listener = await topic.subscribe();
    isSlow = true;
    const refused = assert.rejects(topic.publish(1), { code: "ERR_INTERPROC_SYSTEM" });
    await assert.rejects(listener.get({ timeout: 100 }), { code: "ERR_INTERPROC_TIMEOUT" });
    fail?.(Object.assign(new Error("EIO"), { code: "EIO" }));
    await refused;
    await topic.publish(2);
    assert.deepEqual(await drained(listener), [2]);
  });
});

describe("a durable topic whose log is damaged", () => {
  async function filled(): Promise<{ path: string; log: string; bytes: Buffer }> {
    const path = fresh();
    await using topic = await openTopic<number>(`file:${path}`);
    await (await topic.subscribe("#", workers)).close();
    for (let n = 0; n < 5; n++) await topic.publish(n);
    const log = join(path, "log");
    return { path, log, bytes: readFileSync(log) };
  }

  test("smoke: a byte that is changed anywhere in it is an error, and nothing is touched", watchdog, async () => {
    const { path, log, bytes } = await filled();
    for (let at = 0; at < bytes.length; at += at < 16 || at > 4090 ? 1 : 509) {
      const isMark = (at >= 512 && at < 536) || (at >= 1024 && at < 1048);
      if (isMark || (at >= 16 && at < 4096)) continue;
      const changed = Buffer.from(bytes);
      changed[at] ^= 0x41;
      writeFileSync(log, changed);
      await assert.rejects(openTopic(`file:${path}`), mismatch, `byte ${at}`);
      assert.deepEqual(readFileSync(log), changed);
    }
    writeFileSync(log, bytes);
    assert.deepEqual(await left(path), [0, 1, 2, 3, 4]);
  });

  test("a log that ends too early is an error that says where, and nothing is touched", watchdog, async () => {
    const { path, log, bytes } = await filled();
    for (let size = bytes.length - 1; size >= 0; size -= size > 4090 ? 7 : 400) {
      writeFileSync(log, bytes.subarray(0, size));
      await assert.rejects(
        openTopic(`file:${path}`),
        size < 8 ? mismatch : { ...mismatch, message: /damaged at byte/ },
      );
      assert.equal(statSync(log).size, size);
    }
  });

  test("a listener that comes to a place that is not whole says so", watchdog, async () => {
    const path = fresh();
    await using topic = await openTopic<number>(`file:${path}`);
    await using listener = await topic.subscribe();
    const before = statSync(join(path, "log")).size;
    await topic.publish(1);
    const bytes = readFileSync(join(path, "log"));
    bytes[before + 30] ^= 0xff;
    writeFileSync(join(path, "log"), bytes);
    await assert.rejects(listener.get(), { ...mismatch, message: new RegExp(`damaged at byte ${before}`) });
  });

  test("an append that was cut short by a kill is cut off, at every byte", watchdog, async () => {
    const { path, log, bytes } = await filled();
    {
      await using topic = await openTopic<number>(`file:${path}`);
      await topic.publish(5);
    }
    const longer = readFileSync(log);
    for (let size = bytes.length; size < longer.length; size += 3) {
      writeFileSync(log, Buffer.concat([bytes, longer.subarray(bytes.length, size)]));
      await using _topic = await openTopic<number>(`file:${path}`);
      assert.equal(statSync(log).size, bytes.length);
    }
    assert.deepEqual(await left(path), [0, 1, 2, 3, 4]);
  });

  test("what stands behind the last mark and is no append of ours is kept beside the log", watchdog, async () => {
    const { path, log, bytes } = await filled();
    writeFileSync(log, Buffer.concat([bytes, Buffer.from("something that somebody wrote here by mistake")]));
    assert.deepEqual(await left(path), [0, 1, 2, 3, 4]);
    const kept = readdirSync(path).filter((name) => name.startsWith("log.cut-"));
    assert.equal(kept.length, 1);
    assert.match(readFileSync(join(path, kept[0]), "utf8"), /^something that/);
  });

  test(
    "a queue's folder, a file, a foreign folder and a log of another format are MismatchErrors, and stay as they are",
    watchdog,
    async () => {
      const queue = fresh();
      await using jobs = await openQueue<number>(`file:${queue}`);
      await jobs.put(7);
      await assert.rejects(openTopic(`file:${queue}`), { ...mismatch, message: /no log of a topic, but of a queue/ });
      assert.equal(await jobs.get(), 7);
      const { path, log, bytes } = await filled();
      await assert.rejects(openQueue(`file:${path}`), { ...mismatch, message: /no log of a queue, but of a topic/ });
      assert.deepEqual(readFileSync(log), bytes);
      const file = fresh();
      writeFileSync(file, "precious");
      await assert.rejects(openTopic(`file:${file}`), mismatch);
      assert.equal(readFileSync(file, "utf8"), "precious");
      await assert.rejects(openTopic(`file:${home}`), mismatch);
      writeFileSync(log, "SQLite format 3\0 and much more of it".repeat(200));
      await assert.rejects(openTopic(`file:${path}`), { ...mismatch, message: /no log of a topic/ });
      truncateSync(log, 3);
      await assert.rejects(openTopic(`file:${path}`), mismatch);
      await assert.rejects(openTopic(`file:${join(home, "no", "such")}`), { code: "ERR_INTERPROC_NOT_FOUND" });
    },
  );

  test("a cut that fails too: what was confirmed is there", watchdog, async () => {
    const path = fresh();
    const files = new FailingFiles(-1, "fails");
    let isSick = false;
    const sick = (): Error => Object.assign(new Error("EIO"), { code: "EIO" });
    const door: FileDoor = {
      ...files.door,
      sync: (fd) => (isSick ? Promise.reject(sick()) : files.door.sync(fd)),
      truncate: (fd, bytes) => {
        if (isSick) throw sick();
        files.door.truncate(fd, bytes);
      },
    };
    await using topic = await openedTopic<number>(path, { door });
    await using group = await topic.subscribe("#", workers);
    await using listener = await topic.subscribe();
    await topic.publish(1);
    isSick = true;
    await assert.rejects(topic.publish(2), { code: "ERR_INTERPROC_SYSTEM" });
    await assert.rejects(topic.publish(3), { code: "ERR_INTERPROC_SYSTEM" });
    isSick = false;
    await topic.publish(4);
    for (const found of [await drained(group), await drained(listener)]) {
      assert.deepEqual(
        found.filter((n) => n !== 2),
        [1, 4],
      );
    }
  });
});
