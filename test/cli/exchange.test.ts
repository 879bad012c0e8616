import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect, listen, openQueue, PriorityQueue, Queue, Topic } from "interproc";
import { until } from "../memory/processes.js";
import { cliPath, runCli } from "./run-cli.js";
import { runPiped } from "./run-piped.js";

const WATCHDOG = { timeout: 60_000 };

describe("interproc send and recv", () => {
  test("smoke: lines go through a queue that neither side had before", WATCHDOG, async () => {
    const sender = runPiped(["send", "shm:lines"], "one\ntwo\nthree\n");
    const receiver = runPiped(["recv", "shm:lines", "--count", "3"]);
    assert.equal((await receiver.result).stdout.toString(), "one\ntwo\nthree\n");
    assert.deepEqual([(await sender.result).code, (await receiver.result).code], [0, 0]);
  });

  test(
    "a line in is the same line out: carriage returns, NULs, bytes that are no text, a last line without an end",
    WATCHDOG,
    async () => {
      const input = Buffer.concat([
        Buffer.from("a\r\n\n\u0000\nö\n{}\n"),
        Buffer.from([255, 254, 10]),
        Buffer.from("last"),
      ]);
      const sender = runPiped(["send", "shm:odd"], input);
      const receiver = runPiped(["recv", "shm:odd", "--count", "7"]);
      assert.deepEqual((await receiver.result).stdout, Buffer.concat([input, Buffer.from("\n")]));
      await sender.result;
    },
  );

  test("send waits until somebody has the queue", WATCHDOG, async () => {
    const sender = runPiped(["send", "shm:waited-for"], "kept\n");
    let queue: Queue<string> | undefined;
    await until(() => {
      try {
        queue = Queue.open<string>("waited-for");
      } catch {
        return false;
      }
      return true;
    });
    assert.equal((await sender.result).code, 0);
    assert.equal(await queue?.get(), "kept");
    queue?.close();
  });

  test("--json carries values; what JSON has no form for is printed as text", WATCHDOG, async () => {
    using queue = Queue.create<unknown>("values");
    const sender = runPiped(["send", "shm:values", "--json"], '{"a":[1,2]}\n"text"\nnull\n');
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], [{ a: [1, 2] }, "text", null]);
    assert.equal((await sender.result).code, 0);
    queue.putManySync([{ big: 10n }, new Map([["k", 1]]), "text"]);
    queue.shutdown();
    const { code, stdout } = await runCli(["recv", "shm:values", "--json"]);
    assert.deepEqual([code, stdout], [0, '{"big":"10"}\n[["k",1]]\n"text"\n']);
  });

  test("a line that is no JSON is told with its number, exit code 1", WATCHDOG, async () => {
    using queue = Queue.create<unknown>("strict");
    const { code, stderr } = await runPiped(["send", "shm:strict", "--json"], "1\n{oops\n").result;
    assert.equal(code, 1);
    assert.match(stderr, /^interproc: line 2 is no JSON: .*\n$/);
    assert.equal(queue.tryGet(), 1);
  });

  test("--bytes passes bytes on as they are", WATCHDOG, async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i & 255);
    const sender = runPiped(["send", "shm:raw", "--bytes"], bytes);
    using queue = Queue.openOrCreate("raw");
    const receiver = runPiped(["recv", "shm:raw", "--bytes"]);
    await sender.result;
    await queue.join();
    queue.shutdown();
    assert.ok((await receiver.result).stdout.equals(bytes));
  });

  test("a queue of another discipline keeps it", WATCHDOG, async () => {
    using queue = PriorityQueue.create<string>("urgent");
    queue.tryPut("later", { priority: 5 });
    queue.tryPut("first", { priority: 1 });
    assert.equal((await runCli(["recv", "shm:urgent", "--count", "2"])).stdout, "first\nlater\n");
  });

  test("a listener's name is no queue: that is told in a line, exit code 1", WATCHDOG, async () => {
    await using _listener = await listen("shm:door");
    const { code, stderr } = await runPiped(["send", "shm:door"], "x\n").result;
    assert.equal(code, 1);
    assert.match(stderr, /^interproc: .*it takes connections.*\n$/);
  });

  test("--connection speaks to a listener in shared memory", WATCHDOG, async () => {
    await using listener = await listen<string, string>("shm:entrance");
    const sender = runPiped(["send", "shm:entrance", "--connection"], "hello\n");
    const served = await listener.accept();
    assert.equal(await served.recv(), "hello");
    assert.equal((await sender.result).code, 0);
    served.close();
  });

  test("recv gives a message back that it could not print", WATCHDOG, async () => {
    using queue = Queue.create<string>("given-back");
    const { child, result } = runPiped(["recv", "shm:given-back"]);
    child.stdout.destroy();
    queue.putSync("still there");
    await result;
    assert.equal((await queue.take()).value, "still there");
  });

  test("--timeout ends recv: exit code 3 when nothing came, or not --count messages, else 0", WATCHDOG, async () => {
    using queue = Queue.create<string>("slow");
    assert.equal((await runCli(["recv", "shm:slow", "--timeout", "50"])).code, 3);
    queue.tryPut("x");
    assert.deepEqual((await runCli(["recv", "shm:slow", "--timeout", "50"])).code, 0);
    queue.tryPut("y");
    const { code, stdout, stderr } = await runCli(["recv", "shm:slow", "--timeout", "50", "--count", "2"]);
    assert.deepEqual([code, stdout, stderr], [3, "y\n", "interproc: 1 of 2 came, and nothing more within 50 ms\n"]);
  });

  test("a topic takes messages with a key and gives those that match", WATCHDOG, async () => {
    using topic = Topic.create<string>("events");
    const receiver = runPiped(["recv", "shm:events", "--topic", "--pattern", "orders.*.paid", "--count", "1"]);
    await until(() => topic.subscribers === 1);
    await runPiped(["send", "shm:events", "--topic", "--key", "orders.eu.sent"], "sent\n").result;
    await runPiped(["send", "shm:events", "--topic", "--key", "orders.eu.paid"], "paid\n").result;
    assert.equal((await receiver.result).stdout.toString(), "paid\n");
  });

  test("a connection takes and gives lines, also to programs that know nothing of interproc", WATCHDOG, async () => {
    await using listener = await listen<string, string>("tcp://127.0.0.1:0", { framing: "lines" });
    const sender = runPiped(["send", listener.address, "--framing", "lines"], "hello\nthere\n");
    const served = await listener.accept();
    assert.deepEqual([await served.recv(), await served.recv()], ["hello", "there"]);
    assert.equal((await sender.result).code, 0);
  });

  test("recv --listen takes one connection and ends with it", WATCHDOG, async () => {
    const receiver = runPiped(["recv", "tcp://127.0.0.1:0", "--listen"]);
    await until(() => receiver.said().includes("\n"));
    const address = /listening at (\S+)/.exec(receiver.said())?.[1] ?? "";
    const connection = await connect(address);
    await connection.send("hello");
    await connection.send({ n: 1 });
    connection.close();
    const { code, stdout } = await receiver.result;
    assert.deepEqual([code, stdout.toString()], [0, 'hello\n{"n":1}\n']);
  });

  test("an authkey is read from a file, and a wrong one is refused", WATCHDOG, async () => {
    const file = join(tmpdir(), "key");
    writeFileSync(file, "secret\n");
    await using listener = await listen<string, string>("tcp://127.0.0.1:0", { authkey: "secret" });
    const sender = runPiped(["send", listener.address, "--authkey-file", file], "hello\n");
    assert.equal(await (await listener.accept()).recv(), "hello");
    assert.equal((await sender.result).code, 0);
    writeFileSync(file, "wrong\n");
    listener.accept().catch(() => undefined);
    const { code, stderr } = await runPiped(["send", listener.address, "--authkey-file", file], "hello\n").result;
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  const wrong: [what: string, args: string[], says: RegExp][] = [
    ["no url", ["send", "jobs"], /"jobs" is no url; allowed: shm:NAME/],
    ["an url of no transport", ["recv", "gopher:x"], /there is no broker "gopher"/],
    ["a topic at a connection's url", ["recv", "tcp://127.0.0.1:1", "--topic"], /--topic with tcp/],
    ["a key without a topic", ["send", "shm:x", "--key", "k"], /--key is for --topic/],
    ["a pattern without a topic", ["recv", "shm:x", "--pattern", "k"], /--pattern is for --topic/],
    ["a framing that there is not", ["recv", "shm:x", "--framing", "odd"], /'odd' is invalid. Allowed: length, lines/],
    ["no message at all", ["recv", "shm:x", "--count", "0"], /'0' is invalid/],
    ["a name that is none", ["recv", "shm:a/b"], /name "a\/b"/],
    [
      "a framing for a queue",
      ["recv", "shm:x", "--framing", "lines"],
      /--framing is for connections, and shm:x is a queue/,
    ],
    [
      "a key for a topic",
      ["recv", "shm:x", "--topic", "--authkey-file", "/no"],
      /--authkey-file is for connections, and shm/,
    ],
    [
      "a codec for shared memory",
      ["send", "shm:x", "--codec", "json"],
      /--codec with shm:x: what is in shared memory needs none/,
    ],
    ["lines of JSON that are no lines", ["recv", "shm:x", "--json", "--bytes"], /--json with --bytes: choose one/],
    [
      "a key's file that is not there",
      ["recv", "tcp://127.0.0.1:1", "--authkey-file", "/no"],
      /\/no cannot be read: ENOENT/,
    ],
  ];
  for (const [what, args, says] of wrong)
    test(`${what} is told on stderr without a stack, exit code 2`, WATCHDOG, async () => {
      const { code, stdout, stderr } = await runPiped(args).result;
      assert.equal(code, 2, stderr);
      assert.equal(stdout.length, 0);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });

  test("nobody listening is told on stderr, exit code 1", WATCHDOG, async () => {
    const { code, stderr } = await runPiped(["send", "tcp://127.0.0.1:9"], "x\n").result;
    assert.equal(code, 1);
    assert.match(stderr, /^interproc: .*ECONNREFUSED.*\n$/);
  });

  test("a signal ends a recv that waits, with its exit code", WATCHDOG, async () => {
    using queue = Queue.create("interrupted");
    const { child, result } = runPiped(["recv", "shm:interrupted"]);
    await until(() => queue.isHeldElsewhere);
    child.kill("SIGTERM");
    assert.equal((await result).code, 143);
  });

  test("a signal ends a send that waits for lines, with its exit code and without a stack", WATCHDOG, async () => {
    using queue = Queue.create("typed");
    const child = spawn(process.execPath, [cliPath, "send", "shm:typed"]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.stdin.write("one\ntw");
    assert.equal(await queue.get(), "one");
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [130, null]);
    assert.equal(stderr, "");
  });

  test("--timeout bounds how long send waits for somebody to have the queue: exit code 3", WATCHDOG, async () => {
    const { code, stderr } = await runPiped(["send", "shm:nobody", "--timeout", "50"], "a\nb\n").result;
    assert.equal(code, 3);
    assert.equal(stderr, "interproc: nobody has opened shm:nobody within 50 ms: 2 messages in it went with it\n");
    assert.throws(() => Queue.open("nobody"), { code: "ERR_INTERPROC_NOT_FOUND" });
  });

  test("--codec says how messages stand in a durable queue", WATCHDOG, async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "codec-")), "jobs.queue");
    const { code } = await runPiped(["send", `file:${folder}`, "--json", "--codec", "json"], '{"n":1}\n').result;
    assert.equal(code, 0);
    await using queue = await openQueue<{ n: number }>(`file:${folder}`);
    const message = await queue.take();
    assert.deepEqual([message.value, Buffer.from(message.bytes ?? []).toString()], [{ n: 1 }, '{"n":1}']);
    await message.ack();
  });
});
