import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { attach, type Connection, pipe, type SpawnOptions, share, spawn } from "interproc";
import { unreachable } from "../programs/broken-module.js";
import { exiting, leaving } from "../programs/ending.js";
import { echoing, greeting, holding, relay, supplying } from "../programs/piping.js";
import { sharing } from "../programs/sharing.js";
import { RunningProgram, sharedFiles, watchdog } from "./running.js";

const closed = { code: "ERR_INTERPROC_CLOSED" };
const end = { code: "ERR_INTERPROC_EOF" };
const silent: SpawnOptions = { stdio: "ignore" };
const dyingEarly: SpawnOptions = {
  execArgv: ["--import", new URL("../programs/dying-early.js", import.meta.url).href],
};

describe("a pipe's end that is given to a child", watchdog, () => {
  test("smoke: [case 23] moves there, so that the child's end is the end of file for who reads", async () => {
    const [mine, theirs] = pipe<never, string>();
    const child = spawn(greeting, [theirs, "hello"]);
    assert.equal(await mine.recv(), "hello");
    await assert.rejects(mine.recv(), end);
    mine.close();
    assert.equal((await child.join()).code, 0);
  });

  test("can be waited for in a call that blocks right after spawn", async () => {
    const [mine, theirs] = pipe<string>();
    const child = spawn(echoing, [theirs]);
    mine.sendSync("before it runs");
    assert.equal(mine.recvSync(), "before it runs");
    mine.close();
    assert.equal(await child.result(), "the other end closed");
  });

  test("is of no use here any more: calls are a ClosedError that names the new owner, closing does nothing", async () => {
    const [mine, theirs] = pipe();
    const child = spawn(echoing, [theirs]);
    const named = { ...closed, message: new RegExp(`belongs to process ${child.pid} \\(${child.name}\\)`) };
    assert.throws(() => theirs.trySend(1), named);
    await assert.rejects(theirs.recv(), named);
    assert.throws(() => spawn(echoing, [theirs]), named);
    assert.throws(() => share(theirs), named);
    assert.equal(theirs.closed, true);
    theirs.close();
    await theirs[Symbol.asyncDispose]();
    await mine.send("still there");
    assert.equal(await mine.recv(), "still there");
    assert.equal(mine.peer.pid, child.pid);
    mine.close();
    await child.join();
  });

  test("can stand anywhere inside an argument or a message, and on the way keeps what was sent to it", async () => {
    const [mine, theirs] = pipe<unknown, unknown>();
    const [deeper, deepest] = pipe<string>();
    deeper.trySend("sent before it moved");
    mine.trySend({ in: [{ a: new Map([["box", deepest]]) }] });
    const child = spawn(echoing, [theirs]);
    const { in: list } = (await mine.recv()) as { in: [{ a: Map<string, Connection> }] };
    const back = list[0].a.get("box") as Connection;
    assert.equal(await back.recv(), "sent before it moved");
    assert.throws(() => deepest.trySend(""), { ...closed, message: /belongs to the receiver/ });
    mine.close();
    await child.join();
    assert.equal(back.closed, false);
    await back.send("back home");
    assert.equal(await deeper.recv(), "back home");
    back.close();
    await assert.rejects(deeper.recv(), end);
    deeper.close();
  });

  test("moves in the middle of a message that is longer than the ring", async () => {
    const [mine, theirs] = pipe();
    const sending = mine.sendBytes(new Uint8Array(500_000).fill(3));
    assert.equal(await theirs.poll(), false); // takes the first pieces in
    const child = spawn(echoing, [theirs]);
    const bytes = (await mine.recv()) as Uint8Array;
    assert.deepEqual([bytes.length, bytes[0], bytes[499_999]], [500_000, 3, 3]);
    await sending;
    mine.close();
    await child.join();
  });

  test("[case 24] moves from child to child, each of them passing it on", async () => {
    const [mine, theirs] = pipe<never, number>();
    const child = spawn(relay, [theirs, 2]);
    const last = await mine.recv();
    assert.ok(last !== child.pid && last !== process.pid);
    await assert.rejects(mine.recv(), end);
    assert.equal(await child.result(), 2);
    mine.close();
  });

  test("comes back in a child's result", async () => {
    const child = spawn(supplying, [5000]);
    const supply = await child.result();
    let sum = 0;
    for await (const n of supply) sum += n as number;
    assert.equal(sum, (5000 * 4999) / 2);
    supply.close();
    await child.join();
  });

  test("stays here while a call on it waits", async () => {
    const [mine, theirs] = pipe<string>();
    const waiting = theirs.recv();
    assert.throws(() => spawn(echoing, [theirs]), { code: "ERR_INTERPROC_USAGE", message: /still waiting/ });
    assert.throws(() => mine.trySend(theirs as unknown as string), { code: "ERR_INTERPROC_USAGE" });
    await mine.send("answer");
    assert.equal(await waiting, "answer");
    mine.close();
    theirs.close();
  });
});

describe("a spawn that fails", watchdog, () => {
  const works = async (mine: Connection, theirs: Connection): Promise<void> => {
    await mine.send("still mine");
    assert.equal(await theirs.recv(), "still mine");
    theirs.close();
    await assert.rejects(mine.recv(), end);
    mine.close();
  };

  test("smoke: moves nothing when an argument cannot be encoded", async () => {
    const before = sharedFiles();
    const [mine, theirs] = pipe();
    assert.throws(() => spawn(unreachable, [theirs, () => 1]), { code: "ERR_INTERPROC_CODEC" });
    const [other, moved] = pipe();
    moved.close();
    assert.throws(() => spawn(unreachable, [theirs, moved]), closed);
    await works(mine, theirs);
    other.close();
    assert.deepEqual(sharedFiles(), before);
  });

  test("moves nothing when the process cannot be started", async () => {
    const before = sharedFiles();
    const [mine, theirs] = pipe();
    for (const [options, code] of [
      [{ cwd: "/there/is/no/such/folder" }, "ERR_INTERPROC_NOT_FOUND"],
      [{ env: { LONG: "x".repeat(200_000) } }, "ERR_INTERPROC_SYSTEM"], // more than the system takes
      [{ stdio: "foo" as never }, "ERR_INTERPROC_USAGE"],
    ] as const)
      assert.throws(() => spawn(greeting, [theirs as Connection<string>, ""], options), { code });
    await works(mine, theirs);
    assert.deepEqual(sharedFiles(), before);
  });

  for (const [what, start] of [
    ["is killed before it takes it", (given: Connection) => spawn(echoing, [given], dyingEarly)],
    ["cannot import the task's module", (given: Connection) => spawn(unreachable, [given], silent)],
    ["exits without touching it", (given: Connection) => spawn(exiting as never, [0, given] as never)],
  ] as const)
    test(`gives the peer the end of file when the child ${what}`, async () => {
      const before = sharedFiles();
      const [mine, theirs] = pipe();
      const child = start(theirs);
      await assert.rejects(mine.recv(), end);
      await assert.rejects(mine.send("x"), { code: "ERR_INTERPROC_BROKEN_PIPE" });
      await child.join();
      mine.close();
      assert.deepEqual(sharedFiles(), before);
    });
});

describe("an end inside a message that nobody reads", watchdog, () => {
  test("smoke: gives its peer the end of file when the pipe that carries it goes", async () => {
    const before = sharedFiles();
    const [kept, sent] = pipe();
    const [carrier, other] = pipe();
    carrier.trySend({ sent });
    const waiting = assert.rejects(kept.recv(), end);
    carrier.close();
    other.close();
    await waiting;
    kept.close();
    assert.deepEqual(sharedFiles(), before);
  });

  test("gives its peer the end of file when the child that was to read it is killed", async () => {
    const before = sharedFiles();
    const [kept, sent] = pipe();
    const [carrier, theirs] = pipe();
    const [mine, ready] = pipe<string>();
    const child = spawn(holding, [theirs, ready]);
    await mine.recv();
    carrier.trySend([sent]);
    child.kill();
    await child.join();
    carrier.close();
    await assert.rejects(kept.recv(), end);
    mine.close();
    kept.close();
    assert.deepEqual(sharedFiles(), before);
  });

  test("comes back to its sender when the send is given up", async () => {
    const [kept, sent] = pipe();
    const [carrier, other] = pipe({ capacity: 4096 });
    await assert.rejects(carrier.send([sent, new Uint8Array(10_000)], { timeout: 1 }), {
      code: "ERR_INTERPROC_TIMEOUT",
    });
    await sent.send("still mine");
    assert.equal(await kept.recv(), "still mine");
    for (const one of [kept, sent, carrier, other]) one.close();
  });
});

describe("share and attach", watchdog, () => {
  test("smoke: reach a program that we did not spawn", async () => {
    const [mine, theirs] = pipe<string, string>();
    const program = new RunningProgram("attaching", share(theirs));
    assert.equal(await mine.recv(), `attached by ${program.pid}`);
    await mine.send("greetings");
    assert.equal(await program.line(), "got greetings");
    await assert.rejects(mine.recv(), end);
    mine.close();
  });

  test("within one thread the end moves as well", async () => {
    const [mine, theirs] = pipe<string>();
    const ticket = share(theirs);
    assert.throws(() => theirs.tryRecv(), { ...closed, message: /belongs to whoever attaches to it/ });
    assert.match(ticket, /^interproc:[\w-]+$/);
    const taken = attach<Connection<string, string>>(ticket);
    mine.trySend("here");
    assert.equal(taken.tryRecv(), "here");
    assert.throws(() => attach(ticket), { code: "ERR_INTERPROC_NOT_FOUND" });
    taken.close();
    mine.close();
  });

  test("a Worker that is terminated gives its peer the end of file", async () => {
    const [mine, theirs] = pipe<number>();
    const worker = new Worker(new URL("../programs/far-end-worker.js", import.meta.url));
    worker.postMessage({ id: 1, end: 1, method: "take", args: [share(theirs)] });
    worker.postMessage({ id: 2, end: 1, method: "recv", args: [] });
    await mine.send(1);
    const waiting = assert.rejects(mine.recv(), end);
    await new Promise((resolve) => worker.on("message", ({ id }) => id === 2 && resolve(undefined)));
    await worker.terminate();
    await waiting;
    mine.close();
  });

  test("what cannot be shared or attached to is refused", () => {
    const usage = { code: "ERR_INTERPROC_USAGE" };
    assert.throws(() => share({}), usage);
    for (const ticket of ["", "interproc:", "interproc:AAAA", "tcp://localhost", 5 as unknown as string])
      assert.throws(() => attach(ticket), usage, `ticket ${ticket}`);
  });

  test("when the sharer is killed nobody can attach any more, and the peer gets the end of file", async () => {
    const [mine, theirs] = pipe<unknown, unknown>();
    const child = spawn(sharing, [theirs]);
    const [ticket, kept] = (await mine.recv()) as [string, Connection];
    child.kill();
    await child.join();
    await assert.rejects(kept.recv(), end);
    assert.throws(() => attach(ticket), { code: "ERR_INTERPROC_NOT_FOUND" });
    kept.close();
    mine.close();
  });
});

describe("however a child leaves", watchdog, () => {
  const ways: [how: string, code: number | null, signal: NodeJS.Signals | null][] = [
    ["returning", 0, null],
    ["process.exit", 3, null],
    ["an uncaught exception", 1, null],
    ["an unhandled rejection", 1, null],
    ["SIGTERM", null, "SIGTERM"],
    ["SIGKILL", null, "SIGKILL"],
  ];
  for (const [how, code, signal] of ways)
    test(`${how === "returning" ? "smoke: " : ""}by ${how}, its peer gets all that was sent, and then the end of file`, async () => {
      const before = sharedFiles();
      const [mine, theirs] = pipe();
      const sizes = Array.from({ length: 40 }, (_, i) => (i % 7 === 6 ? 100_000 + i : i * 13));
      const child = spawn(leaving, [theirs, sizes, how], silent);
      for (const [i, size] of sizes.entries()) {
        const bytes = await mine.recvBytes();
        assert.equal(bytes.length, size);
        assert.ok(bytes.every((byte) => byte === i));
      }
      await assert.rejects(mine.recv(), end);
      assert.deepEqual(await child.join(), { code, signal });
      mine.close();
      assert.deepEqual(sharedFiles(), before);
    });
});
