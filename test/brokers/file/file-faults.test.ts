import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openQueue } from "interproc";
import { BodyCodec } from "#src/brokers/body-codec.js";
import { DrivenQueue } from "#src/brokers/driven-queue.js";
import type { FileDoor } from "#src/brokers/file/file-door.js";
import { openFileQueue } from "#src/brokers/file/file-queue.js";
import { FailingFiles, type Fault } from "./failing-files.js";

const watchdog = { timeout: 60_000 };
const mismatch = { code: "ERR_INTERPROC_MISMATCH" };
const home = mkdtempSync(join(tmpdir(), "interproc-faults-"));
let made = 0;
const fresh = (): string => join(home, `q${++made}`);

async function openThrough(path: string, door: FileDoor): Promise<DrivenQueue<number>> {
  const driver = await openFileQueue({ name: path, shown: path }, {}, "open", door);
  return new DrivenQueue<number>(path, driver, new BodyCodec<number>({}, "open"), {});
}

/** All that is in a queue. */
async function drained(path: string): Promise<number[]> {
  await using queue = await openQueue<number>(`file:${path}`);
  const found: number[] = [];
  for (let one = await queue.tryGet(); one !== undefined; one = await queue.tryGet()) found.push(one);
  return found;
}

describe("a durable queue whose files fail", () => {
  for (const fault of ["fails", "is cut short", "is torn"] as Fault[])
    test(
      `each step once ${fault}: what was confirmed is there, what was refused is not, and it goes on`,
      watchdog,
      async () => {
        let isPast = false;
        for (let step = 1; !isPast; step++) {
          const path = fresh();
          const files = new FailingFiles(step, fault);
          const confirmed: number[] = [];
          const refused: number[] = [];
          let queue: DrivenQueue<number> | undefined;
          for (let n = 0; n < 4; n++)
            try {
              queue ??= await openThrough(path, files.door);
              await queue.put(n);
              confirmed.push(n);
            } catch (error) {
              assert.equal((error as { code: string }).code, "ERR_INTERPROC_SYSTEM", `step ${step}: ${error}`);
              refused.push(n);
            }
          await queue?.close();
          isPast = !files.hasFailed;
          if (fault !== "is cut short") assert.equal(refused.length, isPast ? 0 : 1, `step ${step}`);
          assert.deepEqual(await drained(path), confirmed, `step ${step}`);
        }
      },
    );

  test("a cut that fails too: what was refused may be there, what was confirmed is", watchdog, async () => {
    const path = fresh();
    const files = new FailingFiles(-1, "fails");
    let isSick = false;
    const door: FileDoor = {
      ...files.door,
      sync: (fd) => (isSick ? Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" })) : files.door.sync(fd)),
      truncate: (fd, bytes) => {
        if (isSick) throw Object.assign(new Error("EIO"), { code: "EIO" });
        files.door.truncate(fd, bytes);
      },
    };
    await using queue = await openThrough(path, door);
    await queue.put(1);
    isSick = true;
    await assert.rejects(queue.put(2), { code: "ERR_INTERPROC_SYSTEM" });
    await assert.rejects(queue.put(3), { code: "ERR_INTERPROC_SYSTEM" });
    isSick = false;
    await queue.put(4);
    const found = await drained(path);
    assert.deepEqual(
      found.filter((n) => n === 1 || n === 4),
      [1, 4],
    );
    assert.ok(!found.includes(3), "what never was in the log is not there");
  });
});

describe("a durable queue whose log is damaged", () => {
  /** A log with a few messages. */
  async function filled(): Promise<{ path: string; log: string; bytes: Buffer }> {
    const path = fresh();
    await using queue = await openQueue<number>(`file:${path}`);
    for (let n = 0; n < 5; n++) await queue.put(n);
    const log = join(path, "log");
    return { path, log, bytes: readFileSync(log) };
  }

  test("smoke: a byte that is changed anywhere in it is an error, and nothing is touched", watchdog, async () => {
    const { path, log, bytes } = await filled();
    for (let at = 0; at < bytes.length; at += at < 16 || at > 4090 ? 1 : 509) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 0x41;
      writeFileSync(log, changed);
      const isMark = (at >= 512 && at < 536) || (at >= 1024 && at < 1048);
      const isUnused = at >= 16 && at < 4096 && !isMark;
      if (isMark || isUnused) continue;
      await assert.rejects(openQueue(`file:${path}`), mismatch, `byte ${at}`);
      assert.deepEqual(readFileSync(log), changed);
    }
    writeFileSync(log, bytes);
    assert.deepEqual(await drained(path), [0, 1, 2, 3, 4]);
  });

  test("one torn mark leaves the other", watchdog, async () => {
    for (const at of [520, 1032]) {
      const { path, log, bytes } = await filled();
      bytes[at] ^= 0xff;
      writeFileSync(log, bytes);
      assert.deepEqual(await drained(path), [0, 1, 2, 3, 4]);
    }
  });

  test("a log that ends too early is an error that says where, and nothing is touched", watchdog, async () => {
    const { path, log, bytes } = await filled();
    for (let size = bytes.length - 1; size >= 0; size -= size > 4090 ? 7 : 400) {
      writeFileSync(log, bytes.subarray(0, size));
      await assert.rejects(
        openQueue(`file:${path}`),
        size < 8 ? mismatch : { ...mismatch, message: /damaged at byte/ },
      );
      assert.equal(statSync(log).size, size);
    }
  });

  test("an append that was cut short by a kill is cut off, at every byte", watchdog, async () => {
    const { path, log, bytes } = await filled();
    {
      await using queue = await openQueue<number>(`file:${path}`);
      await queue.put(5);
    }
    const longer = readFileSync(log);
    for (let size = bytes.length; size < longer.length; size += 3) {
      // the marks are those of before
      writeFileSync(log, Buffer.concat([bytes, longer.subarray(bytes.length, size)]));
      await using queue = await openQueue<number>(`file:${path}`);
      assert.equal(await queue.size(), 5);
      assert.equal(statSync(log).size, bytes.length);
    }
  });

  test("what stands behind the last mark and is no append of ours is kept beside the log", watchdog, async () => {
    const { path, log, bytes } = await filled();
    writeFileSync(log, Buffer.concat([bytes, Buffer.from("something that somebody wrote here by mistake")]));
    assert.deepEqual(await drained(path), [0, 1, 2, 3, 4]);
    const kept = readdirSync(path).filter((name) => name.startsWith("log.cut-"));
    assert.equal(kept.length, 1);
    assert.match(readFileSync(join(path, kept[0]), "utf8"), /^something that/);
  });

  test("a file, a foreign folder and a log of another format are errors, and stay as they are", watchdog, async () => {
    const file = fresh();
    writeFileSync(file, "precious");
    await assert.rejects(openQueue(`file:${file}`), mismatch);
    assert.equal(readFileSync(file, "utf8"), "precious");
    await assert.rejects(openQueue(`file:${home}`), mismatch);
    const { path, log } = await filled();
    writeFileSync(log, "SQLite format 3\0 and much more of it".repeat(200));
    await assert.rejects(openQueue(`file:${path}`), { ...mismatch, message: /no log of a queue/ });
    truncateSync(log, 3);
    await assert.rejects(openQueue(`file:${path}`), mismatch);
    await assert.rejects(openQueue(`file:${join(home, "no", "such", "place")}`), { code: "ERR_INTERPROC_NOT_FOUND" });
  });

  test("a log of messages that are gone is written anew, and other ends follow", watchdog, async () => {
    const path = fresh();
    await using one = await openQueue<string>(`file:${path}`);
    await using other = await openQueue<string>(`file:${path}`);
    await one.putMany(["kept", "taken"]);
    const first = await other.take();
    for (let i = 0; i < 30; i++) {
      await one.put("x".repeat(100_000));
      const big = await one.take();
      assert.ok(["taken", "x".repeat(100_000)].includes(big.value));
      await big.ack();
    }
    assert.ok(statSync(join(path, "log")).size < 1_500_000);
    assert.equal(await other.unacked(), 1);
    await first.nack();
    const again = await one.take();
    assert.deepEqual([again.value, again.redelivered], ["kept", true]);
    await again.ack();
  });
});
