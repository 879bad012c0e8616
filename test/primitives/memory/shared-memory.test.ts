import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  ClosedError,
  ExistsError,
  MismatchError,
  NotFoundError,
  pipe,
  SharedMemory,
  SharedValue,
  share,
  spawn,
  UsageError,
} from "interproc";
import { registry } from "#src/memory/this-thread.js";
import { sweep } from "#src/primitives/sweep.js";
import { writeBlock } from "../../programs/write-block.js";
import { ChildProgram, programFile } from "../child-program.js";

const timeout = 60_000;
/** Names in /dev/shm are everybody's. */
const python = (name: string): string => `interproc-test-${process.pid}-${name}`;
const fileOf = (name: string): string => `/dev/shm/${name}`;
const records = (): string[] => readdirSync(join(registry().directory, ".python"));

/** Runs a Python program; gives what it prints. */
function runPython(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", program, ...args], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** Opens a block the way that leaves it alone at the end, on every version. */
const attach = `
import sys
from multiprocessing import resource_tracker, shared_memory
block = shared_memory.SharedMemory(sys.argv[1])
resource_tracker.unregister(block._name, "shared_memory")
`;

describe("SharedMemory", { timeout }, () => {
  after(() => sweep());

  test("smoke: a block has exactly as many bytes as were asked for, all 0, and shows them in every form", () => {
    using block = new SharedMemory({ size: 5000 });
    assert.deepEqual([block.size, block.bytes.length, block.buffer.byteLength, block.name], [5000, 5000, 5000, ""]);
    assert.ok(block.bytes.every((byte) => byte === 0));
    new DataView(block.buffer).setUint16(4998, 0x1234);
    assert.deepEqual([...block.bytes.subarray(-2)], [0x12, 0x34]);
  });

  test("[case 64] create, open by name, write both ways, close one and keep the other, unlink, a taken name", () => {
    for (const isPython of [false, true]) {
      const name = isPython ? python("64") : "64";
      const made = SharedMemory.create(name, { size: 512, python: isPython });
      const opened = SharedMemory.open(name);
      assert.deepEqual([opened.size, opened.name], [512, name]);
      made.bytes[0] = 42;
      opened.bytes[511] = 24;
      assert.deepEqual([opened.bytes[0], made.bytes[511]], [42, 24]);
      assert.throws(() => SharedMemory.create(name, { size: 1, python: isPython }), ExistsError);
      const { bytes } = made;
      made.close();
      assert.deepEqual([bytes.length, made.size, made.buffer.byteLength, opened.bytes[0]], [0, 0, 0, 42]);
      opened.unlink();
      assert.throws(() => SharedMemory.open(name), NotFoundError);
      assert.throws(() => opened.unlink(), NotFoundError);
      assert.equal(opened.bytes[511], 24);
      opened.close();
    }
  });

  test("[case 65] a size that is not 1 or more, and a name that there is not, are the documented errors", () => {
    for (const size of [0, -1, 1.5, Number.NaN, "1", undefined, 2 ** 53])
      for (const make of [
        () => SharedMemory.create("size", { size: size as number }),
        () => SharedMemory.create(python("size"), { size: size as number, python: true }),
        () => SharedMemory.openOrCreate("size", { size: size as number }),
        () => new SharedMemory({ size: size as number }),
      ])
        assert.throws(make, { code: "ERR_INTERPROC_USAGE", message: /size is .*; allowed: 1 to / });
    assert.throws(() => SharedMemory.open("missing"), { code: "ERR_INTERPROC_NOT_FOUND", message: /nor .*Python/ });
    assert.throws(() => SharedMemory.open("missing", { python: false }), NotFoundError);
    assert.throws(() => SharedMemory.open(python("missing"), { python: true }), NotFoundError);
    assert.throws(() => SharedMemory.create("x", undefined as never), UsageError);
    assert.throws(() => new (SharedMemory as unknown as new () => SharedMemory)(), UsageError);
  });

  test("[case 65] names with ':' and Python's leading slash work, NUL and other slashes are refused", () => {
    const block = SharedMemory.create(`/${python("slash:")}`, { size: 1, python: true });
    assert.equal(block.name, python("slash:"));
    using again = SharedMemory.open(`/${python("slash:")}`, { python: true });
    assert.equal(again.size, 1);
    block.unlink();
    block.close();
    for (const name of ["a/b", "//a", "a\0b", "", "/", ".a", undefined])
      assert.throws(() => SharedMemory.create(name as string, { size: 1, python: true }), UsageError);
    assert.throws(() => SharedMemory.create("x", { size: 1, python: "yes" as never }), UsageError);
    assert.throws(() => SharedMemory.create("x", { size: 1, python: true, maxAttached: 2 }), UsageError);
  });

  test("openOrCreate takes what is there if it is large enough", () => {
    for (const isPython of [false, true]) {
      const name = isPython ? python("either") : "either";
      using made = SharedMemory.openOrCreate(name, { size: 100, python: isPython });
      using opened = SharedMemory.openOrCreate(name, { size: 50, python: isPython });
      made.bytes[99] = 1;
      assert.deepEqual([opened.size, opened.bytes[99]], [100, 1]);
      assert.throws(() => SharedMemory.openOrCreate(name, { size: 101, python: isPython }), MismatchError);
      made.unlink();
    }
  });

  test("[case 68] a handle that was sent is the same memory; after unlink, taking it fails cleanly", async () => {
    for (const isPython of [false, true]) {
      using block = new SharedMemory({ size: 3, python: isPython });
      block.bytes[0] = 1;
      assert.deepEqual(await spawn(writeBlock, [block, 2]).result(), [1, 3]);
      assert.equal(block.bytes[0], 2);
      const [left, right] = pipe<SharedMemory>();
      left.sendSync(block);
      using received = right.recvSync();
      received.bytes[0] = 3;
      assert.equal(block.bytes[0], 3);
      if (isPython) {
        left.sendSync(block);
        block.unlink();
        assert.throws(() => right.recvSync(), NotFoundError);
      }
      left.close();
      right.close();
    }
    const block = SharedMemory.create("handed", { size: 3 });
    const [left, right] = pipe<SharedMemory>();
    left.sendSync(block);
    block.unlink();
    block.close();
    using received = right.recvSync();
    assert.deepEqual([received.size, received.name], [3, "handed"]);
    assert.throws(() => SharedMemory.open("handed"), NotFoundError);
    left.close();
    right.close();
    assert.throws(() => share(block), UsageError);
  });

  test("Python opens our block, of exactly its size, and each sees what the other writes", () => {
    using block = SharedMemory.create(python("ours"), { size: 4099, python: true });
    assert.equal(statSync(fileOf(block.name)).mode & 0o777, 0o600);
    assert.equal(readFileSync(fileOf(block.name)).length, 4099);
    new Float64Array(block.buffer, 0, 4).set([1, 2, 3, 4]);
    const program = `${attach}
import struct
struct.pack_into("d", block.buf, 0, sum(struct.unpack_from("4d", block.buf)))
block.buf[4098] = 7
print(block.size)
block.close()`;
    assert.equal(runPython(program, block.name), "4099");
    assert.deepEqual([new Float64Array(block.buffer, 0, 1)[0], block.bytes[4098]], [10, 7]);
    block.unlink();
    assert.deepEqual(records(), []);
  });

  test("we open Python's block, and our end never removes it", async () => {
    const program = `
import sys
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=10, name=sys.argv[1])
block.buf[:3] = b"abc"
print("made", flush=True)
sys.stdin.readline()
print(bytes(block.buf[:3]))
block.close()
block.unlink()`;
    const name = python("theirs");
    const { spawn: start } = await import("node:child_process");
    const child = start("python3", ["-c", program, name], { stdio: ["pipe", "pipe", "inherit"] });
    const output: string[] = [];
    await new Promise((resolve) => child.stdout.setEncoding("utf8").on("data", (text) => resolve(output.push(text))));
    const exited = new Promise((resolve) => child.once("close", resolve));
    using block = SharedMemory.open(name);
    assert.deepEqual([block.size, Buffer.from(block.bytes).toString("latin1")], [10, "abc\0\0\0\0\0\0\0"]);
    block.bytes[0] = 65;
    const attacher = ChildProgram.node("hold-object", "open", "python", name, "exit");
    assert.equal(await attacher.exit, 0);
    const killed = ChildProgram.node("hold-object", "open", "python", name);
    assert.equal(await killed.line(), `held ${name}`);
    await killed.kill();
    sweep();
    assert.ok(existsSync(fileOf(name)));
    child.stdin.end("go\n");
    await exited;
    assert.match(output.join(""), /b'Abc'/);
    assert.equal(block.bytes[0], 65);
  });

  test("[case 66] a killed creator's block is cleaned up, an attacher's end never removes it", async () => {
    const name = python("66");
    const creator = ChildProgram.node("hold-object", "create", "python", name);
    assert.equal(await creator.line(), `held ${name}`);
    const attacher = ChildProgram.node("hold-object", "open", "python", name, "exit");
    assert.equal(await attacher.exit, 0);
    const killed = ChildProgram.node("hold-object", "open", "python", name);
    assert.equal(await killed.line(), `held ${name}`);
    await killed.kill();
    sweep();
    assert.ok(existsSync(fileOf(name)));
    assert.equal(records().length, 1);
    await creator.kill();
    const next = ChildProgram.node("hold-object", "create", "value", "next", "exit");
    assert.equal(await next.exit, 0);
    assert.ok(!existsSync(fileOf(name)));
    assert.deepEqual(records(), []);
  });

  test("a creator's orderly end takes its block along, and persist keeps it", async () => {
    const name = python("orderly");
    const creator = ChildProgram.node("hold-object", "create", "python", name, "exit");
    assert.deepEqual([await creator.line(), await creator.exit], [`held ${name}`, 0]);
    assert.ok(!existsSync(fileOf(name)));
    const block = SharedMemory.create(name, { size: 1, python: true, persist: true });
    assert.deepEqual(records(), []);
    block.close();
    block.unlink();
    assert.ok(!existsSync(fileOf(name)));
  });

  test("a record takes no block along that somebody else has made under the same name since", async () => {
    const name = python("again");
    const creator = ChildProgram.node("hold-object", "create", "python", name);
    assert.equal(await creator.line(), `held ${name}`);
    rmSync(fileOf(name));
    using block = SharedMemory.create(name, { size: 1, python: true, persist: true });
    await creator.kill();
    sweep();
    assert.ok(existsSync(fileOf(name)));
    assert.deepEqual(records(), []);
    block.unlink();
  });

  test("what is no block of ours in /dev/shm is refused: folders, links, what has no bytes", () => {
    const name = python("foreign");
    const open = (): unknown => SharedMemory.open(name, { python: true });
    mkdirSync(fileOf(name));
    assert.throws(open, MismatchError);
    assert.throws(() => SharedMemory.create(name, { size: 1, python: true }), ExistsError);
    rmSync(fileOf(name), { recursive: true });
    symlinkSync("/etc/passwd", fileOf(name));
    assert.throws(open, MismatchError);
    rmSync(fileOf(name));
    writeFileSync(fileOf(name), "");
    assert.throws(open, MismatchError);
    rmSync(fileOf(name));
    assert.deepEqual(records(), []);
  });

  test("resize() grows a block, keeps what is in it, and other handles see as much as they did", () => {
    for (const isPython of [false, true]) {
      const name = isPython ? python("grows") : "grows";
      using block = SharedMemory.create(name, { size: 10, python: isPython });
      using other = SharedMemory.open(name);
      const { bytes } = block;
      bytes[9] = 1;
      block.resize(10_000);
      assert.deepEqual([block.size, block.bytes[9], block.bytes[9999], bytes.length], [10_000, 1, 0, 0]);
      assert.deepEqual([other.size, other.bytes[9]], [10, 1]);
      block.bytes[9999] = 5;
      other.resize(11);
      assert.deepEqual([other.size, other.bytes[9999]], [10_000, 5]);
      using third = SharedMemory.open(name);
      assert.equal(third.size, 10_000);
      assert.throws(() => block.resize(9999), { code: "ERR_INTERPROC_USAGE", message: /sizes only grow/ });
      assert.throws(() => block.resize(0), UsageError);
      block.unlink();
      if (isPython) assert.throws(() => block.resize(20_000), NotFoundError);
      else block.resize(20_000);
      block.close();
      assert.throws(() => block.resize(30_000), ClosedError);
    }
  });

  test("a block's file that was cut short, or is another kind of object's, is a MismatchError", () => {
    SharedMemory.create("short", { size: 9000, persist: true }).close();
    truncateSync(join(registry().directory, "short"), 8192);
    assert.throws(() => SharedMemory.open("short"), {
      code: "ERR_INTERPROC_MISMATCH",
      message: /9000 bytes, and the file has/,
    });
    rmSync(join(registry().directory, "short"));
    using _value = SharedValue.create("kind of object", "i32");
    assert.throws(() => SharedMemory.open("kind of object"), MismatchError);
  });

  test("a full directory is an error that says what was wanted and what is free, and no crash later", (t) => {
    const mount = 'mount -t tmpfs -o size=2m,mode=700 none "$1" && INTERPROC_DIR="$1" exec "$2" "$3" "$4"';
    const probe = spawnSync("unshare", ["-m", "true"]);
    if (probe.status !== 0) return t.skip("a file system of its own needs root and unshare");
    for (const [kind, where] of [
      ["ours", "/mnt"],
      ["python", "/dev/shm"],
    ]) {
      const run = spawnSync(
        "unshare",
        ["-m", "sh", "-c", mount, "sh", where, process.execPath, programFile("fill-memory"), kind],
        {
          encoding: "utf8",
        },
      );
      assert.equal(run.status, 0, `${run.signal} ${run.stderr}`);
      const { made, errno, retryable, message } = JSON.parse(run.stdout);
      assert.deepEqual([made, errno, retryable], [true, "ENOSPC", true]);
      assert.match(message, /bytes wanted, .* free in \/.*--shm-size/);
    }
  });

  test("a block that Python has not filled, in a full /dev/shm, is an error when it is opened", (t) => {
    if (spawnSync("unshare", ["-m", "true"]).status !== 0)
      return t.skip("a file system of its own needs root and unshare");
    const script =
      "mount -t tmpfs -o size=2m none /dev/shm && truncate -s 9m /dev/shm/thin && mkdir -m 700 /dev/shm/own && " +
      'INTERPROC_DIR=/dev/shm/own exec "$1" "$2" open python thin exit';
    const run = spawnSync("unshare", ["-m", "sh", "-c", script, "sh", process.execPath, programFile("hold-object")], {
      encoding: "utf8",
    });
    assert.deepEqual([run.status, run.signal], [1, null]);
    assert.match(run.stderr, /SystemError: SharedMemory "thin" \(python\): open: ENOSPC, 9,437,184 bytes wanted/);
  });

  test("view() shows a part of it as numbers of a kind, and refuses what does not fit", () => {
    using block = new SharedMemory({ size: 30 });
    const view = block.view("i16", { offset: 4, length: 3 });
    view.set([-1, 256, 3]);
    assert.deepEqual([...block.bytes.subarray(4, 10)], [255, 255, 0, 1, 3, 0]);
    assert.deepEqual(
      [block.view("u8").length, block.view("f64").length, block.view("u32", { offset: 28 }).length],
      [30, 3, 0],
    );
    assert.ok(block.view("i64", { offset: 8, length: 2 }) instanceof BigInt64Array);
    for (const [kind, options, message] of [
      ["f16", {}, /kind is "f16"; allowed: i8 /],
      ["i16", { offset: 3 }, /offset is 3; allowed: multiples of 2/],
      ["i16", { offset: 31 }, /offset is 31; allowed: 0 to 30/],
      ["i16", { offset: -2 }, /offset is -2/],
      ["f64", { offset: 8, length: 3 }, /length is 3; allowed: 0 to 2/],
    ] as const)
      assert.throws(() => block.view(kind as "i16", options), { code: "ERR_INTERPROC_USAGE", message });
    block.close();
    assert.equal(view.length, 0);
    assert.throws(() => block.view("u8"), ClosedError);
  });

  test("closed, it is empty, and using it is a ClosedError", () => {
    const block = SharedMemory.create("closed", { size: 8 });
    const words = new Int32Array(block.buffer);
    block.close();
    block.close();
    words[0] = 1;
    assert.deepEqual(
      [words.length, words[0], block.bytes.length, block.closed, block.name],
      [0, undefined, 0, true, "closed"],
    );
    assert.throws(() => block.resize(16), ClosedError);
  });
});
