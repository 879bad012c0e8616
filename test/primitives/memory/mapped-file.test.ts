import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ClosedError, MappedFile, NotFoundError, pipe, SystemError, spawn, UsageError } from "interproc";
import { writeBlock } from "../../programs/write-block.js";
import { programFile } from "../child-program.js";

const timeout = 60_000;
const folder = mkdtempSync(join(tmpdir(), "interproc-mapped-"));
const path = join(folder, "file");
const text = (): string => readFileSync(path, "latin1");

describe("MappedFile", { timeout }, () => {
  after(() => rmSync(folder, { recursive: true }));

  test("smoke: the bytes are the file's, and what is written to them is in the file", () => {
    writeFileSync(path, "Hello World!");
    using file = MappedFile.open(path);
    assert.deepEqual([file.size, file.path, file.name, file.readonly, file.closed], [12, path, path, false, false]);
    file.bytes.set(Buffer.from("Again!"), 6);
    assert.equal(text(), "Hello Again!");
    file.flush();
    writeFileSync(path, "hello", { flag: "r+" });
    assert.equal(Buffer.from(file.bytes).toString(), "hello Again!");
    assert.equal(new DataView(file.buffer).getUint8(0), "h".charCodeAt(0));
  });

  test("two processes that map a file see each other's writes, and a handle goes along", async () => {
    writeFileSync(path, "a file");
    using file = MappedFile.open(pathToFileURL(path));
    assert.deepEqual(await spawn(writeBlock, [file, 65]).result(), ["a".charCodeAt(0), 6]);
    assert.equal(file.bytes[0], 65);
    assert.equal(text(), "A file");
    using view = MappedFile.open(path, { readonly: true, size: 3 });
    assert.deepEqual(await spawn(writeBlock, [view, 66]).result(), [65, 3]);
    assert.equal(text(), "A file");
    const [left, right] = pipe<MappedFile>();
    left.sendSync(file);
    renameSync(path, `${path}.old`);
    writeFileSync(path, "another");
    assert.throws(() => right.recvSync(), { code: "ERR_INTERPROC_NOT_FOUND", message: /another file/ });
    left.close();
    right.close();
  });

  test("readonly, a write changes nothing outside and never crashes, and others' changes are seen", () => {
    writeFileSync(path, "0123456789".repeat(1000));
    using file = MappedFile.open(path, { readonly: true });
    writeFileSync(path, "X", { flag: "r+" });
    assert.equal(file.bytes[0], "X".charCodeAt(0));
    file.bytes[5] = 1;
    file.bytes.fill(7, 9000);
    file.flush();
    assert.equal(text(), `X${"0123456789".repeat(1000).slice(1)}`);
    assert.deepEqual([file.bytes[5], file.bytes[9999]], [1, 7]);
  });

  test("a size beyond the file grows it, with zeros and to the byte, unless it is readonly", () => {
    for (const size of [13, 4095, 4096, 4097, 100_001]) {
      writeFileSync(path, "Hello World!");
      using file = MappedFile.open(path, { size });
      assert.deepEqual([file.size, statSync(path).size], [size, size]);
      assert.ok(file.bytes.subarray(12).every((byte) => byte === 0));
      file.bytes[size - 1] = 1;
      assert.equal(readFileSync(path)[size - 1], 1);
      assert.throws(() => MappedFile.open(path, { size: size + 1, readonly: true }), {
        code: "ERR_INTERPROC_USAGE",
        message: new RegExp(`size is ${size + 1}; allowed: up to ${size}, .*readonly`),
      });
      assert.equal(statSync(path).size, size);
    }
  });

  test("a size within the file maps its beginning and leaves the rest alone", () => {
    writeFileSync(path, "Hello World!");
    using file = MappedFile.open(path, { size: 5 });
    assert.deepEqual([file.size, file.buffer.byteLength], [5, 5]);
    file.bytes.fill(46);
    assert.equal(text(), "..... World!");
  });

  test("an empty file has empty bytes, until it is resized", () => {
    writeFileSync(path, "");
    using file = MappedFile.open(path);
    assert.deepEqual([file.size, file.bytes.length], [0, 0]);
    file.flush();
    file.resize(3);
    file.bytes.set([97, 98, 99]);
    assert.equal(text(), "abc");
    writeFileSync(path, "");
    using empty = MappedFile.open(path, { readonly: true });
    assert.throws(() => empty.resize(1), UsageError);
  });

  test("resize() grows the file and shows all of it in new bytes; it never makes it shorter", () => {
    writeFileSync(path, "Hello");
    using file = MappedFile.open(path);
    const { bytes } = file;
    file.resize(5000);
    assert.deepEqual([file.size, statSync(path).size, bytes.length, file.bytes[0]], [5000, 5000, 0, 72]);
    file.bytes[4999] = 33;
    assert.equal(readFileSync(path)[4999], 33);
    assert.throws(() => file.resize(4999), {
      code: "ERR_INTERPROC_USAGE",
      message: /size is 4999; allowed: 5000 and more/,
    });
    assert.equal(statSync(path).size, 5000);
    appendFileSync(path, "more");
    file.resize(5002);
    assert.deepEqual([file.size, statSync(path).size, file.bytes[5000]], [5002, 5004, "m".charCodeAt(0)]);
    renameSync(path, `${path}.old`);
    assert.throws(() => file.resize(6000), NotFoundError);
    writeFileSync(path, "another");
    assert.throws(() => file.resize(6000), NotFoundError);
    assert.equal(statSync(path).size, 7);
    assert.equal(file.size, 5002);
  });

  test("resize() of a readonly mapping follows a file that others made longer, and keeps what was written here", () => {
    writeFileSync(path, "a".repeat(10_000));
    using file = MappedFile.open(path, { readonly: true });
    file.bytes[0] = 1;
    appendFileSync(path, "bb");
    file.resize(10_002);
    assert.deepEqual([file.bytes[0], file.bytes[10_001]], [1, 98]);
    writeFileSync(path, "a".repeat(9_999).concat("c"), { flag: "r+" });
    assert.equal(file.bytes[9_999], 99, "a page that was not written to shows the file");
    assert.throws(() => file.resize(10_003), UsageError);
  });

  test("what cannot be mapped is an error that says why", () => {
    rmSync(path, { force: true });
    assert.throws(() => MappedFile.open(path), { code: "ERR_INTERPROC_NOT_FOUND", message: /no such file/ });
    assert.throws(() => MappedFile.open(path, { size: 10 }), NotFoundError);
    assert.throws(() => MappedFile.open(folder), { code: "ERR_INTERPROC_USAGE", message: /folder/ });
    assert.throws(() => MappedFile.open(folder, { readonly: true }), { message: /not a regular file/ });
    assert.throws(() => MappedFile.open("/dev/null"), { message: /not a regular file/ });
    assert.throws(
      () => MappedFile.open(`${path}\0x`),
      (error: Error) => error instanceof UsageError || error instanceof NotFoundError,
    );
    writeFileSync(path, "x");
    for (const size of [0, -1, 1.5, Number.NaN, "1"])
      assert.throws(() => MappedFile.open(path, { size: size as number }), UsageError);
    assert.throws(() => MappedFile.open(path, { readonly: 1 as never }), UsageError);
    assert.throws(() => MappedFile.open(5 as never), UsageError);
  });

  test("a full device is an error, and the file stays as it was", (t) => {
    if (spawnSync("unshare", ["-m", "true"]).status !== 0)
      return t.skip("a file system of its own needs root and unshare");
    const script =
      'mount -t tmpfs -o size=1m none /mnt && printf abc >/mnt/file && "$1" "$2" /mnt/file 5000000; wc -c </mnt/file';
    const run = spawnSync("unshare", ["-m", "sh", "-c", script, "sh", process.execPath, programFile("grow-file")], {
      encoding: "utf8",
    });
    assert.match(
      run.stdout,
      /^ENOSPC MappedFile.open\(\) of \/mnt\/file: ENOSPC, the device is full: grow from 3 to 5000000 bytes\n3\n$/,
    );
  });

  test("opening and closing more often than the kernel has mappings, all in one turn of the loop, works", () => {
    writeFileSync(path, "x");
    for (let round = 0; round < 66_000; round++) MappedFile.open(path).close();
    using file = MappedFile.open(path);
    assert.equal(file.bytes[0], 120);
  });

  test("closed, its views are empty, and flush() and resize() are a ClosedError", () => {
    writeFileSync(path, "Hello");
    const file = MappedFile.open(path);
    const { bytes } = file;
    bytes[0] = 74;
    file.close();
    file.close();
    bytes[0] = 75;
    assert.deepEqual([bytes.length, file.size, file.bytes.length, file.closed], [0, 0, 0, true]);
    assert.equal(text(), "Jello");
    assert.throws(() => file.flush(), ClosedError);
    assert.throws(() => file.resize(10), ClosedError);
  });

  test("a file that only others may write is a SystemError, and readonly it is mapped", (t) => {
    if (process.getuid?.() === 0) return t.skip("root may write everything");
    writeFileSync(path, "x", { mode: 0o400 });
    assert.throws(() => MappedFile.open(path), SystemError);
    using file = MappedFile.open(path, { readonly: true });
    assert.equal(file.size, 1);
  });
});
