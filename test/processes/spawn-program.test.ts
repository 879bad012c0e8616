import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { NotFoundError, spawnProgram, UsageError, wait } from "interproc";
import { codes } from "../contract/connection-kind.js";
import { isRunning, RunningProgram, until, watchdog } from "./running.js";

const node = (script: string): [string, string[]] => [process.execPath, ["-e", script]];

describe("a program that knows nothing of us", watchdog, () => {
  test("smoke: speaks lines on its stdin and stdout, and ends when its input does", async () => {
    await using cat = spawnProgram("cat", [], { connection: "lines" });
    await cat.connection.sendMany(["one", "", "grüße"]);
    assert.deepEqual([await cat.connection.recv(), await cat.connection.recv()], ["one", ""]);
    assert.deepEqual(await wait([cat.connection]), [cat.connection]);
    assert.equal(await cat.connection.recv(), "grüße");
    await assert.rejects(cat.connection.send("two\nlines"), codes.usage);
    cat.connection.close();
    assert.deepEqual(await cat.join(), { code: 0, signal: null });
  });

  test("speaks JSON, one value a line; what is none costs that message only", async () => {
    const [command, args] = node("console.log('no json'); process.stdin.pipe(process.stdout)");
    await using child = spawnProgram(command, args, { connection: "json" });
    await assert.rejects(child.connection.recv(), codes.codec);
    await child.connection.send({ a: [1, null, "x\ny"] });
    assert.deepEqual(await child.connection.recv(), { a: [1, null, "x\ny"] });
    await assert.rejects(child.connection.send(undefined), codes.codec);
  });

  test("speaks frames with their length before them, on a descriptor that its environment names", async () => {
    const [command, args] = node(
      "const s = new (require('net').Socket)({ fd: Number(process.env.INTERPROC_FD) }); s.pipe(s)",
    );
    await using child = spawnProgram(command, args, { connection: "length", on: "fd" });
    const bytes = new Uint8Array(300_000).map((_, i) => i);
    const sending = child.connection.send(bytes);
    assert.deepEqual(await child.connection.recv(), bytes);
    await sending;
    await child.connection.send(new Uint8Array(0));
    assert.equal((await child.connection.recv()).length, 0);
  });

  test("a last line without a newline counts, and then comes the end and the exit code", async () => {
    const child = spawnProgram("sh", ["-c", "printf 'a\\nb'; exit 3"], { connection: "lines" });
    const lines: string[] = [];
    for await (const line of child.connection) lines.push(line);
    assert.deepEqual(lines, ["a", "b"]);
    assert.deepEqual(await child.join(), { code: 3, signal: null });
    await assert.rejects(child.result(), UsageError);
    child.connection.close();
  });

  test("[case 26] a frame longer than maxMessage, or with a negative length, is a ProtocolError, and one that is cut off the end", async () => {
    const frame = (bytes: string): [string, string[]] => ["printf", [bytes]];
    for (const [bytes, expected] of [
      ["\\0\\0\\1\\0", codes.protocol],
      ["\\377\\377\\377\\376", codes.protocol],
      ["\\0\\0\\0\\5ab", codes.end],
    ] as const) {
      const child = spawnProgram(...frame(bytes), { connection: "length", maxMessage: 100 });
      await assert.rejects(child.connection.recv(), expected);
      await child.join();
      child.connection.close();
    }
  });

  test("what is no program is a NotFoundError that names it, and an unknown connection a UsageError", () => {
    for (const [command, options] of [
      ["", { connection: "lines" }],
      [5, { connection: "lines" }],
      ["cat", undefined],
    ])
      assert.throws(() => spawnProgram(command as never, [], options as never), { code: "ERR_INTERPROC_USAGE" });
    assert.throws(
      () => spawnProgram("/no/such/program", [], { connection: "lines" }),
      (error: Error) => {
        return error instanceof NotFoundError && error.message.includes("/no/such/program");
      },
    );
    assert.throws(() => spawnProgram("cat", [], { connection: "smoke" as "lines" }), UsageError);
  });

  test("its stderr is ours unless it is asked for, and a signal terminates it", async () => {
    const controller = new AbortController();
    const child = spawnProgram("sh", ["-c", "echo trouble >&2; exec sleep 1000"], {
      connection: "lines",
      stderr: "pipe",
      signal: controller.signal,
    });
    assert.ok(child.stderr);
    const said = text(child.stderr);
    await once(child.stderr, "data");
    controller.abort();
    assert.deepEqual(await child.join(), { code: null, signal: "SIGTERM" });
    assert.equal(await said, "trouble\n");
    child.connection.close();
  });

  test("gets the end of its input when its parent is killed", async () => {
    const parent = new RunningProgram("program-parent");
    const pid = Number(await parent.line());
    assert.ok(isRunning(pid));
    parent.kill();
    await until(() => !isRunning(pid));
  });

  test("on a descriptor gets the end of its socket when its parent is killed", async () => {
    const parent = new RunningProgram("program-parent", "fd");
    const pid = Number(await parent.line());
    assert.ok(isRunning(pid));
    parent.kill();
    assert.equal(await parent.line(), "end of file");
    assert.equal(await parent.line(), undefined);
    await until(() => !isRunning(pid));
  });

  test("that is killed is the end of its connection, on a descriptor as well", async () => {
    for (const on of ["stdio", "fd"] as const) {
      const child = spawnProgram("sleep", ["1000"], { connection: "lines", on });
      const receiving = assert.rejects(child.connection.recv(), codes.end);
      child.kill();
      await receiving;
      assert.deepEqual(await child.join(), { code: null, signal: "SIGKILL" });
      child.connection.close();
    }
  });
});
