// What every runtime must manage: run by test/runtimes on each of them. Without an argument all parts; with one, that part.
import assert from "node:assert/strict";
import {
  AbandonedError,
  type Connection,
  EOFError,
  isMain,
  pipe,
  RemoteError,
  SharedArray,
  SharedMemory,
  SharedValue,
  spawn,
  TimeoutError,
  task,
} from "interproc";

export const echo = task(import.meta, async function echo(conn: Connection<unknown, unknown>) {
  for await (const message of conn) await conn.send(message);
  return "echoed";
});

export const echoBlocking = task(import.meta, function echoBlocking(conn: Connection<number, number>, times: number) {
  for (let i = 0; i < times; i++) conn.sendSync(conn.recvSync() + 1);
});

export const addMany = task(
  import.meta,
  function addMany(value: SharedValue<"i32">, array: SharedArray<"f64">, block: SharedMemory) {
    for (let i = 0; i < 1000; i++) value.add(1);
    array.set(1, 2.5);
    block.bytes[3] = 7;
  },
);

export const fail = task(import.meta, function fail() {
  throw new RangeError("as asked");
});

export const waitForEver = task(import.meta, async function waitForEver(conn: Connection<string>) {
  await conn.send("up");
  await conn.recv();
});

const parts: Record<string, () => Promise<void>> = {
  async oneThread() {
    const [left, right] = pipe<unknown>();
    const message = { text: "grüße", bytes: new Uint8Array([1, 2, 3]), when: new Date(0), big: 2n ** 70n };
    await left.send(message);
    assert.deepEqual(await right.recv(), message);
    const waiting = right.recv();
    setTimeout(() => left.send("late"), 5);
    assert.equal(await waiting, "late");
    await assert.rejects(right.recv({ timeout: 10 }), TimeoutError);
    left.close();
    await assert.rejects(right.recv(), EOFError);
    right.close();
  },
  async awaiting() {
    const [mine, theirs] = pipe<unknown>();
    const child = spawn(echo, [theirs]);
    const long = new Uint8Array(300_000).map((_, i) => i);
    for (const message of ["one", { two: 2 }, long]) {
      await mine.send(message);
      assert.deepEqual(await mine.recv(), message);
    }
    for (let i = 0; i < 500; i++) {
      await mine.send(i);
      assert.equal(await mine.recv(), i);
    }
    mine.close();
    assert.equal(await child.result(), "echoed");
    assert.deepEqual(await child.join(), { code: 0, signal: null });
  },
  async blocking() {
    const [mine, theirs] = pipe<number>();
    const child = spawn(echoBlocking, [theirs, 500]);
    for (let i = 0; i < 500; i++) {
      mine.sendSync(i);
      assert.equal(mine.recvSync(), i + 1);
    }
    assert.equal((await child.join()).code, 0);
  },
  async sharing() {
    const value = new SharedValue("i32", 0);
    const array = new SharedArray("f64", 4);
    using block = new SharedMemory({ size: 16 });
    const children = [spawn(addMany, [value, array, block]), spawn(addMany, [value, array, block])];
    await value.waitUntil((n) => n === 2000, { timeout: 20_000 });
    await Promise.all(children.map((child) => child.result()));
    assert.deepEqual([value.value, array.get(1), block.bytes[3]], [2000, 2.5, 7]);
  },
  async failing() {
    const error = await spawn(fail, [], { stdio: "ignore" })
      .result()
      .catch((reason: unknown) => reason);
    assert(error instanceof RemoteError && error.remoteName === "RangeError");
  },
  async killed() {
    const [mine, theirs] = pipe<never, string>();
    const child = spawn(waitForEver, [theirs]);
    assert.equal(await mine.recv(), "up");
    child.kill();
    await assert.rejects(mine.recv(), EOFError);
    await assert.rejects(child.result(), AbandonedError);
    assert.equal((await child.join()).signal, "SIGKILL");
  },
};

if (isMain(import.meta)) {
  const wanted = process.argv[2];
  for (const [name, part] of Object.entries(parts)) if (!wanted || wanted === name) await part();
  console.log("smoke: all well");
}
