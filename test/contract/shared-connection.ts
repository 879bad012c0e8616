import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe } from "node:test";
import type { Connection } from "interproc";
import { type ConnectionKind, codes, patterned, sentences } from "./connection-kind.js";

/** What a AsyncConnection over shared memory keeps to besides: its forms that block, that never wait, and that copy nothing. */
export function everySharedConnection(kind: ConnectionKind<Connection>): void {
  const it = sentences(kind);

  describe(`${kind.name}: forms that never wait`, () => {
    it("smoke: trySend is true when the message was taken, tryRecv gives it, and undefined when there is none", async (pair) => {
      const { near, far } = pair;
      assert.equal(near.tryRecv(), undefined);
      assert.equal(near.tryRecvBytes(), undefined);
      assert.deepEqual(near.tryRecvMany(3), []);
      assert.equal(near.trySend("a"), true);
      assert.equal(near.trySendBytes(patterned(5)), true);
      assert.equal(near.trySendMany(["b", "c"]), 2);
      assert.equal(await far.recv(), "a");
      assert.equal((await far.recvBytes()).length, 5);
      assert.equal(await far.recv(), "b");
      assert.equal(await far.recv(), "c");
      await far.sendMany(["d", "e", "f"]);
      assert.equal(near.tryRecv(), "d");
      assert.deepEqual(near.tryRecvMany(3), ["e", "f"]);
    });

    it("trySend is false when the pipe is full, and exactly what it took is delivered", async ({ near, far }) => {
      let taken = 0;
      while (near.trySend({ number: taken, filler: "x".repeat(1000) })) taken++;
      assert.ok(taken > 8, `${taken} messages of 1 kB fitted`);
      assert.equal(near.trySend({ number: taken, filler: "x".repeat(1000) }), false);
      assert.equal(near.trySendBytes(patterned(2000)), false);
      for (let i = 0; i < taken; i++) assert.equal(((await far.recv()) as { number: number }).number, i);
      assert.equal(await far.poll(), false);
      assert.equal(near.trySend("room again"), true);
      assert.equal(await far.recv(), "room again");
    });

    it("trySendMany says how many of the first were taken", async ({ near, far }) => {
      const values = Array.from({ length: 5000 }, (_, i) => `message ${i} ${"y".repeat(90)}`);
      const taken = near.trySendMany(values);
      assert.ok(taken > 100 && taken < 5000, `${taken} were taken`);
      const got: unknown[] = [];
      while (got.length < taken) got.push(...(await far.recvMany(1000)));
      assert.deepEqual(got, values.slice(0, taken));
      assert.equal(await far.poll(), false);
    });

    it("trySend of what could never fit at once is false, and of what is longer than maxMessage an error", async (pair) => {
      assert.equal(pair.near.trySendBytes(patterned(100_000)), false);
      assert.throws(() => pair.near.trySendBytes(new Uint8Array(2 ** 30 + 1)), codes.usage);
    });

    it("tryRecv at the end is EOF, trySend to nobody BrokenPipeError", async ({ near, far }) => {
      await far.send("last");
      await far.close();
      assert.equal(near.tryRecv(), "last");
      assert.throws(() => near.tryRecv(), codes.end);
      assert.throws(() => near.tryRecvBytes(), codes.end);
      assert.throws(() => near.trySend("x"), { ...codes.broken, undelivered: "x" });
      assert.throws(() => near.trySendMany(["x"]), { ...codes.broken, undelivered: "x" });
    });

    it("tryRecvBytesInto fills the buffer or gives undefined", async ({ near, far }) => {
      const buffer = new Uint8Array(4);
      assert.equal(near.tryRecvBytesInto(buffer), undefined);
      await far.sendBytes(new Uint8Array([5, 6]));
      assert.equal(near.tryRecvBytesInto(buffer, { offset: 2 }), 2);
      assert.deepEqual([...buffer], [0, 0, 5, 6]);
    });
  });

  describe(`${kind.name}: forms that block`, () => {
    it("recvSync and sendSync do at once what can be done at once", async ({ near, far }) => {
      near.sendSync({ a: 1 });
      near.sendBytesSync(patterned(3));
      near.sendManySync(["b", "c"]);
      assert.deepEqual(await far.recv(), { a: 1 });
      assert.equal((await far.recvBytes()).length, 3);
      assert.deepEqual([await far.recv(), await far.recv()], ["b", "c"]);
      await far.send(1);
      await far.sendBytes(patterned(9));
      await far.sendBytes(patterned(4));
      await far.sendMany([2, 3]);
      assert.equal(near.pollSync(), true);
      assert.equal(near.recvSync(), 1);
      assert.equal(near.recvBytesSync().length, 9);
      assert.equal(near.recvBytesIntoSync(new Uint8Array(8)), 4);
      assert.deepEqual(near.recvManySync(5), [2, 3]);
      assert.equal(near.pollSync(), false);
    });

    if (kind.isElsewhere) blockingOnAnother(kind);
    else
      it("a wait that only this very thread could end is a UsageError at once", async ({ near }) => {
        assert.throws(() => near.recvSync(), codes.usage);
        assert.throws(() => near.recvLeaseSync(), codes.usage);
        while (near.trySendBytes(patterned(1000)));
        assert.throws(() => near.sendBytesSync(patterned(1000)), codes.usage);
        assert.throws(() => near.claimSync(1000), codes.usage);
      });

    it("[case 22] pollSync waits its time, counts a negative time as none, and signals do not shorten it", async (pair) => {
      const { near } = pair;
      assert.equal(near.pollSync({ timeout: -1 }), false);
      if (!kind.isElsewhere) return;
      let signals = 0;
      const count = (): void => void signals++;
      process.on("SIGUSR2", count);
      const signaller = shell(`for i in 1 2 3 4 5 6; do kill -USR2 ${process.pid}; sleep 0.02; done`);
      const begun = performance.now();
      assert.equal(near.pollSync({ timeout: 300 }), false);
      assert.ok(performance.now() - begun >= 299, "it waited");
      await once(signaller, "exit");
      await pair.far.poll();
      process.off("SIGUSR2", count);
      assert.ok(signals > 0, "signals came");
    });
  });

  describe(`${kind.name}: forms that copy nothing`, () => {
    it("a claim is filled in place, and committed as far as it was filled", async ({ near, far }) => {
      const claim = await near.claim(100);
      assert.equal(claim.bytes.length, 100);
      claim.bytes.set([1, 2, 3]);
      assert.equal(await far.poll(), false);
      claim.commit(3);
      assert.equal(claim.bytes.length, 0);
      assert.throws(() => claim.commit(), codes.usage);
      assert.deepEqual([...(await far.recvBytes())], [1, 2, 3]);
      near.tryClaim(2)?.commit();
      assert.equal((await far.recvBytes()).length, 2);
      near.claimSync(0).commit();
      assert.equal((await far.recvBytes()).length, 0);
    });

    it("while a claim is open nothing overtakes it, and a claim given up sends nothing", async ({ near, far }) => {
      const claim = await near.claim(10);
      assert.equal(near.trySend("overtaking"), false);
      assert.equal(near.tryClaim(1), undefined);
      const behind = near.send("behind");
      claim.bytes.fill(9);
      claim.commit();
      assert.deepEqual([...(await far.recvBytes())], new Array(10).fill(9));
      assert.equal(await far.recv(), "behind");
      await behind;
      const other = await near.claim(10);
      const after = near.send("after");
      other.abort();
      other.abort();
      assert.equal(await far.recv(), "after");
      await after;
      assert.throws(() => near.tryClaim(2 ** 30), codes.usage);
      assert.throws(() => near.tryClaim(-1), codes.usage);
    });

    it("a claim waits for room, and gives up at its timeout", async ({ near, far }) => {
      while (near.trySendBytes(patterned(1000)));
      await assert.rejects(near.claim(20_000, { timeout: 5 }), codes.timeout);
      const waiting = near.claim(20_000);
      for (let more = true; more; ) {
        assert.equal((await far.recvBytes()).length, 1000);
        more = await far.poll();
      }
      (await waiting).commit(7);
      assert.equal((await far.recvBytes()).length, 7);
    });

    it("a claim that waits ends with BrokenPipeError when the peer closes", async ({ near, far }) => {
      while (near.trySendBytes(patterned(1000)));
      const waiting = assert.rejects(near.claim(20_000), codes.broken);
      await far.close();
      await waiting;
      assert.throws(() => near.tryClaim(1), codes.broken);
    });

    it("a lease shows the message where it lies until it is released", async ({ near, far }) => {
      await far.sendBytes(patterned(5000, 1));
      await far.sendBytes(patterned(10, 2));
      const lease = await near.recvLease();
      assert.equal(Buffer.compare(lease.bytes, patterned(5000, 1)), 0);
      assert.throws(() => near.tryRecv(), codes.usage);
      const next = near.recvBytes();
      lease.release();
      lease.release();
      assert.equal(lease.bytes.length, 0);
      assert.equal((await next).length, 10);
      const sending = far.sendBytes(patterned(300_000, 3));
      {
        using large = await near.recvLease();
        assert.equal(Buffer.compare(large.bytes, patterned(300_000, 3)), 0);
      }
      await sending;
      assert.equal(near.tryRecvLease(), undefined);
      await far.close();
      await assert.rejects(near.recvLease(), codes.end);
    });

    it("a value is not received as bytes by mistake: it stays for recv", async ({ near, far }) => {
      await far.send({ a: 1 });
      await assert.rejects(near.recvBytes(), codes.usage);
      assert.throws(() => near.tryRecvLease(), codes.usage);
      assert.deepEqual(await near.recv(), { a: 1 });
    });
  });
}

function blockingOnAnother(kind: ConnectionKind<Connection>): void {
  const it = sentences(kind);

  it("recvSync waits for what another thread or process sends", async ({ near, far }) => {
    for (let i = 0; i < 50; i++) {
      const sending = far.send({ i });
      assert.deepEqual(near.recvSync(), { i });
      await sending;
    }
    const sending = far.sendBytes(patterned(1_000_000));
    assert.equal(near.recvBytesSync().length, 1_000_000);
    await sending;
  });

  it("sendSync waits for room until another thread or process reads", async ({ near, far }) => {
    let sent = 0;
    while (near.trySend({ sent, filler: "z".repeat(500) })) sent++;
    const reading = far.recvMany(10_000);
    near.sendSync("when there is room");
    const got = await reading;
    while (got.at(-1) !== "when there is room") got.push(await far.recv());
    assert.equal(got.length, sent + 1);
    const large = far.recvBytes();
    near.sendBytesSync(patterned(2_000_000, 9));
    assert.equal(Buffer.compare(await large, patterned(2_000_000, 9)), 0);
  });

  it("[case 25] a blocking call that timed out takes and leaves nothing", async ({ near, far }) => {
    assert.throws(() => near.recvSync({ timeout: 5 }), codes.timeout);
    assert.throws(() => near.recvSync({ timeout: 0 }), codes.timeout);
    while (near.trySend("filler".repeat(100)));
    assert.throws(() => near.sendSync("late".repeat(200), { timeout: 5 }), {
      ...codes.timeout,
      undelivered: "late".repeat(200),
    });
    assert.throws(() => near.sendBytesSync(patterned(1_000_000), { timeout: 5 }), codes.timeout);
    assert.throws(() => near.claimSync(10_000, { timeout: 5 }), codes.timeout);
    for (let more = true; more; more = await far.poll()) assert.equal(await far.recv(), "filler".repeat(100));
    near.sendSync("next");
    assert.equal(await far.recv(), "next");
  });

  it("[case 17] a blocking receive ends with EOF when the peer closes, a blocking send with BrokenPipeError", async (pair) => {
    const { near, far } = pair;
    const closing = far.close();
    assert.throws(() => {
      for (;;) near.recvSync();
    }, codes.end);
    await closing;
    assert.equal(near.pollSync({ timeout: 10 }), true);
    assert.throws(() => near.sendSync("x"), codes.broken);
  });

  it("a blocking call and one that waits in the loop share an end in the order of their calls", async ({
    near,
    far,
  }) => {
    const first = near.recv();
    const sending = far.sendMany(["first", "second"]);
    assert.equal(near.recvSync(), "second");
    assert.equal(await first, "first");
    await sending;
  });
}

const shell = (script: string): ChildProcess => spawn("sh", ["-c", script], { stdio: "ignore" });
