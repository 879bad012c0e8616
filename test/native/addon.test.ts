import assert from "node:assert/strict";
import { closeSync, constants, ftruncateSync, openSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { constants as os } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  addon,
  addonPath,
  check,
  EEXIST,
  ENOENT,
  ENXIO,
  errnoName,
  failed,
  MAP_PRIVATE,
  MAP_SHARED,
  target,
} from "#src/native/addon.js";
import { openDescriptors } from "../memory/open-descriptors.js";
import { OwnDirectory } from "../memory/own-directory.js";
import { until } from "../memory/processes.js";
import { runProgram } from "../memory/run-program.js";
import { ChildProgram } from "../primitives/child-program.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";

const timeout = 150_000;
const isFull = process.env.INTERPROC_TEST === "full";
const { EACCES, EBADF, EINVAL, EISDIR, ENOTDIR } = os.errno;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const native = addon();
const LOCKS = 2 ** 40;

/** A worker thread with everything open that the addon has, and never between two calls of it for long. */
const WATCHER = `
  const { parentPort, workerData: { addon: path, fifo, file, byte } } = require("node:worker_threads");
  const addon = require(path);
  const words = new ArrayBuffer(16);
  const locked = addon.open(file, ${O_RDWR}, 0);
  addon.lock(locked, byte, 0);
  globalThis.mapped = addon.map(locked, 0, -1, 0, 4096);
  addon.holdLoop(addon.watchRead(addon.open(fifo, ${O_RDWR | O_NONBLOCK}, 0), () => undefined), 1);
  addon.watchAlarm(addon.open(fifo, ${O_WRONLY | O_NONBLOCK}, 0), words, 8, 1, 12, 2, -1);
  parentPort.postMessage("ready");
  for (;;) {
    const fd = addon.open(fifo, ${O_WRONLY | O_NONBLOCK}, 0);
    addon.watchAlarm(fd, words, 0, 1, 4, 2, -1);
    addon.unwatch(fd);
    addon.close(fd);
  }`;

describe("addon", { timeout }, () => {
  test("smoke: a file without a name is made, named, mapped, and unmapped", () => {
    using own = new OwnDirectory();
    const path = join(own.path, "file");
    const fd = native.tmpfile(own.path, 10_000);
    assert.equal(native.link(fd, path), 0);
    const buffer = native.map(fd, MAP_SHARED, 10_000, 0, 10_000) as ArrayBuffer;
    new Uint8Array(buffer).fill(7);
    assert.deepEqual([buffer.byteLength, readFileSync(path)[9_999]], [10_000, 7]);
    assert.equal(native.detach(buffer), 0);
    assert.equal(native.close(fd), 0);
  });

  test("what the kernel refuses comes back as a negative errno, never as an exception", () => {
    using own = new OwnDirectory();
    const path = join(own.path, "taken");
    const fd = native.open(path, O_RDWR | O_CREAT, 0o600);
    const readOnly = native.open(path, O_RDONLY, 0);
    const [out, word] = [new ArrayBuffer(48), new ArrayBuffer(4)];
    native.mkfifo(join(own.path, "fifo"), 0o600);
    symlinkSync(path, join(own.path, "link"));
    for (const [what, result, ...errnos] of [
      ["open", native.open(join(own.path, "none"), O_RDWR, 0), -ENOENT],
      ["open", native.open(path, O_RDWR | O_CREAT | O_EXCL, 0o600), -EEXIST],
      ["open", native.open(own.path, O_RDWR, 0), EISDIR],
      ["open", native.open(path, O_DIRECTORY, 0), ENOTDIR],
      ["open", native.open(join(own.path, "fifo"), O_WRONLY | O_NONBLOCK, 0), -ENXIO],
      ["open", native.open(join(own.path, "link"), constants.O_NOFOLLOW, 0), os.errno.ELOOP],
      ["close", native.close(9_999), EBADF],
      ["close", native.close(-1), EBADF],
      ["tmpfile", native.tmpfile(join(own.path, "none"), 1), -ENOENT],
      ["tmpfile", native.tmpfile(path, 1), ENOTDIR],
      ["tmpfile", native.tmpfile(own.path, 2 ** 53), os.errno.EFBIG, os.errno.ENOSPC],
      ["link", native.link(9_999, path), -ENOENT, EBADF],
      ["link", native.link(fd, path), -EEXIST],
      ["link", native.link(fd, join(own.path, "none", "x")), -ENOENT],
      ["allocate", native.allocate(9_999, 0, 1), EBADF],
      ["allocate", native.allocate(fd, 0, 0), EINVAL],
      ["allocate", native.allocate(readOnly, 0, 1), EBADF],
      ["read", native.read(9_999, out, 0), EBADF],
      ["stat", native.stat(9_999, out), EBADF],
      ["mkfifo", native.mkfifo(path, 0o600), -EEXIST],
      ["poke", native.poke(9_999), EBADF],
      ["poke", native.poke(readOnly), EBADF],
      ["drain", native.drain(9_999), EBADF],
      ["map", native.map(9_999, MAP_SHARED, -1, 0, 4096), EBADF],
      ["map", native.map(fd, MAP_SHARED, -1, 0, 0), EINVAL],
      ["map", native.map(fd, MAP_SHARED, -1, 7, 4096), EINVAL],
      ["map", native.map(readOnly, MAP_SHARED, -1, 0, 4096), EACCES],
      ["lock", native.lock(9_999, LOCKS, 0), EBADF],
      ["lock", native.lock(readOnly, LOCKS, 0), EBADF],
      ["lock", native.lock(fd, -1, 0), EINVAL],
      ["locked", native.locked(9_999, LOCKS), EBADF],
      ["unlock", native.unlock(9_999, LOCKS), EBADF],
      ["life", native.life("/none/at/all"), -ENOENT],
      ["sync", native.sync(word, 0, 4), EINVAL, os.errno.ENOMEM, 0],
    ] as [string, number, ...number[]][])
      assert.ok(errnos.includes(-result), `${what}: ${result}, not ${errnos}`);
    for (const one of [fd, readOnly]) native.close(one);
  });

  test("arguments of another type, outside of a buffer, or too many regions are a TypeError", () => {
    const loose = native as unknown as Record<string, (...args: unknown[]) => unknown>;
    const buffer = new ArrayBuffer(8);
    const fd = native.open("/dev/null", O_RDWR, 0);
    for (const [name, ...args] of [
      ["open", 7, 0, 0],
      ["open", "/dev/null"],
      ["open", `/${"x".repeat(5000)}`, 0, 0],
      ["close", "1"],
      ["close"],
      ["stat", fd, new ArrayBuffer(47)],
      ["stat", fd, new Float64Array(6)],
      ["stat", fd],
      ["read", fd, "text", 0],
      ["map", fd, 0, -1],
      ["map", fd, 0, -1, 0],
      ["map", fd, 0, -1, "0", 4096],
      ["detach", {}],
      ["detach"],
      ["futexWait", buffer, 8, 0, 0],
      ["futexWait", buffer, 5, 0, 0],
      ["futexWait", buffer, -4, 0, 0],
      ["futexWait", buffer, 0, 0],
      ["futexWait", new Int32Array(2), 0, 0, 0],
      ["futexWake", buffer, 2 ** 40, 1],
      ["watchAlarm", fd, buffer, 8, 0, 0, 0, -1],
      ["watchAlarm", fd, buffer, 0, 0, 6, 0, -1],
      ["sync", buffer, 4, 8],
      ["sync", buffer, 0, -1],
      ["holdLoop", buffer, 1],
      ["unwatch"],
      ["life"],
    ] as [string, ...unknown[]][])
      assert.throws(() => loose[name](...args), TypeError, `${name}(${args.map(String).join(", ").slice(0, 60)})`);
    native.close(fd);
  });

  test("the names of errnos and the errors made of them say operation, call and name", () => {
    assert.deepEqual([errnoName(ENOENT), errnoName(EEXIST), errnoName(ENXIO)], ["ENOENT", "EEXIST", "ENXIO"]);
    assert.equal(check(3, "open", "opening"), 3);
    const error = failed(-os.errno.EMFILE, "open", "open of /dev/shm/x");
    assert.deepEqual(
      [error.message, error.code, error.errno, error.syscall, error.retryable],
      ["open of /dev/shm/x: EMFILE", "ERR_INTERPROC_SYSTEM", "EMFILE", "open", true],
    );
    assert.throws(() => check(ENOENT, "open", "open of x"), { errno: "ENOENT", retryable: false });
    assert.ok(addonPath().endsWith(`${target()}/interproc.node`));
  });

  test("descriptors are not inherited by children", async () => {
    using own = new OwnDirectory();
    const fd = native.tmpfile(own.path, 1);
    const child = new ChildProgram("sh", ["-c", "ls -l /proc/self/fd | tr '\\n' ' '; echo"]);
    const inherited = (await child.line()) as string;
    assert.ok(inherited.includes("/proc/") && !inherited.includes(own.path), inherited);
    await child.exit;
    native.close(fd);
  });

  test("read gives what the file has, and fewer bytes at its end", () => {
    const fd = native.open("/etc/passwd", O_RDONLY, 0);
    const { size } = statSync("/etc/passwd");
    const out = new ArrayBuffer(size + 10);
    assert.deepEqual(
      [native.read(fd, out, 0), native.read(fd, out, size - 3), native.read(fd, out, size)],
      [size, 3, 0],
    );
    native.close(fd);
  });

  test("a lock belongs to the open file: another one sees it, one's own does not, and a mapping keeps it", () => {
    using own = new OwnDirectory();
    const path = join(own.path, "file");
    const one = native.tmpfile(own.path, 4096);
    native.link(one, path);
    const other = native.open(path, O_RDWR, 0);
    assert.equal(native.lock(one, LOCKS, 0), 1);
    assert.deepEqual([native.locked(other, LOCKS), native.locked(one, LOCKS), native.lock(other, LOCKS, 0)], [1, 0, 0]);
    assert.deepEqual([native.locked(other, LOCKS + 1), native.lock(other, LOCKS, 1)], [0, 0]);
    native.unlock(one, LOCKS);
    assert.deepEqual([native.lock(one, LOCKS, 1), native.lock(other, LOCKS, 1)], [1, 1]);
    assert.equal(native.lock(one, LOCKS, 0), 0, "with two readers nobody gets the write lock");
    assert.equal(native.locked(other, LOCKS), 0, "a read lock does not make anybody look alive");
    native.unlock(other, LOCKS);
    const buffer = native.map(one, MAP_SHARED, -1, 0, 4096) as ArrayBuffer;
    assert.equal(native.lock(one, LOCKS, 0), 1);
    native.close(one);
    assert.equal(native.locked(other, LOCKS), 1);
    native.detach(buffer);
    assert.equal(native.locked(other, LOCKS), 0);
    native.close(other);
  });

  test("a futex wait ends by a wake-up, by another value, and after its time", async () => {
    using own = new OwnDirectory();
    const fd = native.tmpfile(own.path, 4096);
    const words = native.map(fd, MAP_SHARED, -1, 0, 4096) as ArrayBuffer;
    assert.equal(native.futexWait(words, 4, 1, 60_000), 0, "another value");
    assert.equal(native.futexWait(words, 4, 0, 3), 1, "its time");
    assert.equal(native.futexWait(words, 4, 0, 0), 1);
    assert.equal(native.futexWait(words, 4, 0, -5), 1);
    assert.equal(native.futexWake(words, 4, 2 ** 32), 0);
    const path = join(own.path, "words");
    native.link(fd, path);
    const waker = ChildProgram.node("memory-wake", path);
    assert.equal(native.futexWait(words, 4, 0, 60_000), 0, "a wake-up from another process");
    assert.equal(await waker.exit, 0);
    native.close(fd);
  });

  test("regions are mapped one behind the other, the same one also twice, and what ends in a page shows no more", () => {
    using own = new OwnDirectory();
    const fd = native.tmpfile(own.path, 12_288);
    const ring = native.map(fd, MAP_SHARED, -1, 4096, 4096, 4096, 4096) as ArrayBuffer;
    const bytes = new Uint8Array(ring);
    assert.equal(ring.byteLength, 8192);
    bytes[4095] = 1;
    bytes[4096] = 2;
    assert.deepEqual([bytes[8191], bytes[0]], [1, 2]);
    const short = native.map(fd, MAP_SHARED, 5, 4096, 5) as ArrayBuffer;
    assert.deepEqual([short.byteLength, new Uint8Array(short)[0]], [5, 2]);
    const alone = native.map(fd, MAP_PRIVATE, -1, 4096, 4096) as ArrayBuffer;
    new Uint8Array(alone)[0] = 9;
    assert.equal(bytes[0], 2, "a private mapping changes nothing outside");
    const regions = Array.from({ length: 40 }, (_, i) => (i % 2 ? 4096 : 0));
    assert.throws(() => native.map(fd, MAP_SHARED, -1, ...regions), TypeError);
    for (const buffer of [ring, short, alone]) native.detach(buffer);
    native.close(fd);
  });

  test("views of a detached buffer are empty, and touching them does nothing", () => {
    using own = new OwnDirectory();
    const fd = native.tmpfile(own.path, 4096);
    const buffer = native.map(fd, MAP_SHARED, -1, 0, 4096) as ArrayBuffer;
    const [words, view] = [new Int32Array(buffer), new DataView(buffer)];
    assert.equal(native.detach(buffer), 0);
    assert.ok(native.detach(buffer) <= 0, "twice is harmless");
    words[0] = 5;
    assert.deepEqual([words.length, words[0], buffer.byteLength], [0, undefined, 0]);
    assert.throws(() => view.getInt8(0), TypeError);
    assert.throws(() => Atomics.load(words, 0));
    assert.throws(() => native.futexWake(buffer, 0, 1), TypeError);
    assert.ok(native.detach(new ArrayBuffer(5)) <= 0, "and so is one of another's making");
    native.close(fd);
  });

  test("the garbage collector unmaps what nobody has any more, detached or not", async () => {
    const { code, output } = await runProgram(["memory-mappings"], { through: ["env", "NODE_OPTIONS=--expose-gc"] });
    assert.deepEqual([code, JSON.parse(output)], [0, { mapped: 1, detached: 0, dropped: 0 }]);
  });

  test("watches come and go by the thousand while FIFOs hang up, and every alarm of those that stay comes", async () => {
    using own = new OwnDirectory();
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const rounds = isFull ? 10_000 : 2_500;
    const words = new Int32Array(rounds * 2);
    const before = openDescriptors();
    const watched: { reader: number; writer: number; word: number }[] = [];
    const path = join(own.path, "fifo");
    for (let word = 0; word < rounds; word++) {
      native.mkfifo(path, 0o600);
      const reader = native.open(path, O_RDONLY | O_NONBLOCK, 0);
      const writer = native.open(path, O_WRONLY | O_NONBLOCK, 0);
      rmSync(path);
      assert.equal(native.watchAlarm(writer, words.buffer, word * 4, 1, (word + rounds) * 4, word + 1, -1), 0);
      watched.push({ reader, writer, word });
      if (watched.length < 12) continue;
      const [one] = watched.splice(random.below(watched.length), 1);
      const isHungUp = random.below(4) > 0;
      if (isHungUp) native.close(one.reader);
      if (isHungUp && random.below(2)) await until(() => Atomics.load(words, one.word) === 1);
      native.unwatch(one.writer); // or in the very moment of the alarm
      const seen = words[one.word];
      native.close(one.writer);
      if (!isHungUp) native.close(one.reader);
      assert.ok(seen === 0 || words[one.word + rounds] === one.word + 1, `seed ${seed}`);
      assert.ok(isHungUp || seen === 0, `seed ${seed}: an alarm without cause`);
    }
    for (const { reader } of watched) native.close(reader);
    await until(() => watched.every(({ word }) => Atomics.load(words, word) === 1));
    for (const { writer } of watched) {
      native.unwatch(writer);
      native.close(writer);
    }
    assert.ok(openDescriptors() <= before + 2, "none but the watcher's own");
  });

  test("an alarm pokes a FIFO, and none comes after unwatch", async () => {
    using own = new OwnDirectory();
    const path = join(own.path, "fifo");
    native.mkfifo(path, 0o600);
    const poked = native.open(path, O_RDWR | O_NONBLOCK, 0);
    rmSync(path);
    const words = new Int32Array(2);
    for (const isWatched of [true, false, true]) {
      words.fill(0);
      native.mkfifo(path, 0o600);
      const reader = native.open(path, O_RDONLY | O_NONBLOCK, 0);
      const writer = native.open(path, O_WRONLY | O_NONBLOCK, 0);
      native.watchAlarm(writer, words.buffer, 0, 3, 4, 77, poked);
      if (!isWatched) assert.equal(native.unwatch(writer), 1);
      native.close(reader);
      if (isWatched) await until(() => native.drain(poked) === 1);
      assert.deepEqual([...words], isWatched ? [3, 77] : [0, 0]);
      assert.equal(native.unwatch(writer), 0);
      native.close(writer);
      rmSync(path);
    }
    native.close(poked);
  });

  test("a watched FIFO calls back in the loop, and keeps the process only while it is held", async () => {
    using own = new OwnDirectory();
    const path = join(own.path, "fifo");
    native.mkfifo(path, 0o600);
    const fifo = native.open(path, O_RDWR | O_NONBLOCK, 0);
    let calls = 0;
    const reader = native.watchRead(fifo, () => calls++);
    assert.ok(typeof reader === "object");
    for (let round = 1; round <= 5; round++) {
      native.poke(fifo);
      await until(() => calls >= round);
    }
    assert.equal(native.unwatch(fifo), 1);
    native.poke(fifo);
    native.close(fifo);
    for (const [mode, lines] of [
      ["held", ["open", "woken"]],
      ["free", ["open"]],
      ["let-go", ["open"]],
    ] as const)
      assert.deepEqual((await runProgram(["memory-reader", mode])).output.split("\n"), lines);
  });

  test("terminated worker threads with open watches, readers and locks leave no descriptor, no lock and no crash", async () => {
    using own = new OwnDirectory();
    const [fifo, file] = [join(own.path, "fifo"), join(own.path, "file")];
    native.mkfifo(fifo, 0o600);
    const made = native.tmpfile(own.path, 4096);
    native.link(made, file);
    const poked = native.open(fifo, O_RDWR | O_NONBLOCK, 0);
    const startAndTerminate = async (byte: number): Promise<void> => {
      const worker = new Worker(WATCHER, { eval: true, workerData: { addon: addonPath(), fifo, file, byte } });
      await new Promise((resolve) => worker.once("message", resolve));
      assert.equal(native.locked(made, byte), 1);
      for (let pokes = 0; pokes < 20; pokes++) native.poke(poked); // some come while it is being torn down
      const over = worker.terminate();
      for (let pokes = 0; pokes < 20; pokes++) native.poke(poked);
      await over;
      assert.equal(native.locked(made, byte), 0);
    };
    let before = 0;
    for (let times = isFull ? 100 : 20; times > 0; times--) {
      await Promise.all([startAndTerminate(LOCKS), startAndTerminate(LOCKS + 1)]);
      before ||= openDescriptors();
    }
    native.close(poked);
    native.close(made);
    await until(() => openDescriptors() <= before - 2);
  });

  test("a process whose worker thread alone had the addon lives on when that thread is over", async () => {
    const { code, output } = await runProgram(["memory-only-worker"]);
    assert.deepEqual([code, output], [0, "3 workers, watched"]);
  });

  test("a child ends with its parent's life line, also while its loop is busy, and the line is the process's", async () => {
    using own = new OwnDirectory();
    const path = join(own.path, "life");
    const parent = ChildProgram.node("memory-life", "parent", path);
    assert.equal(await parent.line(), `${path} ${path}`, "a second call gives the first one's path");
    const child = ChildProgram.node("memory-life", "child", path);
    assert.equal(await child.line(), "busy");
    await parent.kill();
    assert.equal(await child.exit, "SIGKILL");
    assert.equal(native.open(path, O_WRONLY | O_NONBLOCK, 0), ENXIO);
  });

  test("a file cut short under a mapping is a matter of who maps: reading by descriptor gives fewer bytes and no signal", () => {
    using own = new OwnDirectory();
    const path = join(own.path, "file");
    const file = openSync(path, "w+");
    ftruncateSync(file, 4096);
    const fd = native.open(path, O_RDONLY, 0);
    ftruncateSync(file, 100);
    assert.equal(native.read(fd, new ArrayBuffer(4096), 0), 100);
    closeSync(file);
    native.close(fd);
  });
});
