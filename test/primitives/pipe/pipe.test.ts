import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { attach, type Connection, pipe, registerClass, SharedValue, share, spawn } from "interproc";
import { ALIVE_FILE, flightFolder } from "#src/primitives/flight.js";
import { mappedPipes } from "#src/primitives/pipe/pipe-holding.js";
import { PipeLink } from "#src/primitives/pipe/pipe-link.js";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { flooding } from "../../programs/piping.js";
import { gulping, WHISPER_CAPACITY, whispering } from "../../programs/whispering.js";

/** Refuses to be made of anything but what is good. */
class Picky {
  constructor(readonly state: string) {}
}
registerClass(Picky, {
  getState: ({ state }) => state,
  setState: (state) => {
    if (state !== "good") throw new TypeError(`${state} is not good`);
    return new Picky(state);
  },
});

describe("a pipe", watchdog, () => {
  test("smoke: has two ends, and what goes in at one comes out at the other", () => {
    const [a, b] = pipe<string, number>();
    assert.equal(a.trySend("to b"), true);
    assert.equal(b.trySend(5), true);
    assert.deepEqual([b.tryRecv(), a.tryRecv()], ["to b", 5]);
    a.close();
    b.close();
  });

  test("[case 18] of one direction has an end that receives and an end that sends, and the other calls are refused", async () => {
    const [reader, writer] = pipe<string>({ duplex: false });
    assert.equal(reader.writable, undefined);
    assert.equal(writer.readable, undefined);
    assert.ok(reader.readable && writer.writable);
    const refused = { ...codes.usage, message: /end of a pipe made with \{ duplex: false \}/ };
    assert.throws(() => reader.trySend("x"), refused);
    await assert.rejects(reader.send("x"), refused);
    assert.throws(() => writer.tryRecv(), refused);
    await assert.rejects(writer.recv(), refused);
    await assert.rejects(writer.poll(), refused);
    const [taken, given] = [attach<typeof reader>(share(reader)), attach<typeof writer>(share(writer))];
    await given.send("through");
    assert.equal(await taken.recv(), "through");
    given.close();
    await assert.rejects(taken.recv(), codes.end);
    taken.close();
  });

  test("has options that are checked", () => {
    for (const capacity of [0, 4095, 4097, 5000, 2 ** 30, Number.NaN, "64k" as unknown as number])
      assert.throws(() => pipe({ capacity }), { ...codes.usage, message: /capacity is .*; allowed: a power of two/ });
    for (const maxMessage of [0, -1, 2 ** 30 + 1, 1.5])
      assert.throws(() => pipe({ maxMessage }), { ...codes.usage, message: /maxMessage is .*; allowed: 1 to/ });
  });

  test("refuses a message that is longer than maxMessage where it is sent, and goes on", async () => {
    const [a, b] = pipe({ maxMessage: 1000 });
    const tooLong = { ...codes.usage, message: /at most 1,000 \(maxMessage\)/ };
    await assert.rejects(a.sendBytes(patterned(1001)), tooLong);
    await assert.rejects(a.send("x".repeat(1000)), tooLong);
    assert.throws(() => a.trySendBytes(patterned(1001)), tooLong);
    await assert.rejects(a.sendMany(["fits", "x".repeat(1000)]), tooLong);
    await a.sendBytes(patterned(1000));
    assert.equal(await b.recv(), "fits");
    assert.equal((await b.recvBytes()).length, 1000);
    a.close();
    b.close();
  });

  test("keeps what is sent to an end that is on its way to somebody, and is not at its end meanwhile", async () => {
    const [mine, theirs] = pipe<string, string>();
    const ticket = share(theirs);
    await mine.send("for whoever comes");
    await assert.rejects(mine.recv({ timeout: 60 }), codes.timeout);
    const taken = attach<Connection<string, string>>(ticket);
    assert.equal(await taken.recv(), "for whoever comes");
    taken.close();
    await assert.rejects(mine.recv(), codes.end);
    mine.close();
  });

  test("loses none of those before and behind a message whose object is gone, which fails once, with what was wrong with it", async () => {
    const [near, far] = pipe();
    using value = new SharedValue("u32", 7);
    near.trySendMany([1, { two: 2 }, [value], "between", [value], "last"]);
    for (const carrier of readdirSync(flightFolder(".")))
      for (const link of readdirSync(flightFolder(carrier)))
        if (link !== ALIVE_FILE) rmSync(join(flightFolder(carrier), link));
    assert.deepEqual(await far.recvMany(10), [1, { two: 2 }]);
    assert.throws(() => far.tryRecvBytes(), codes.usage);
    await assert.rejects(far.recv(), { code: "ERR_INTERPROC_NOT_FOUND" });
    assert.deepEqual(far.tryRecvMany(10), ["between"]);
    assert.throws(() => far.recvManySync(10), { code: "ERR_INTERPROC_NOT_FOUND" });
    assert.deepEqual(far.recvManySync(10), ["last"]);
    near.close();
    far.close();
  });

  test("hands on a message that could not be decoded here, with the end of which it was the next", async () => {
    const [near, far] = pipe();
    const [carrier, landing] = pipe<Connection, Connection>();
    near.trySendMany([1, new Picky("bad"), 3]);
    assert.deepEqual(far.tryRecvMany(10), [1]);
    await carrier.send(far);
    const moved = await landing.recv();
    assert.throws(() => moved.tryRecv(), codes.codec);
    assert.equal(moved.tryRecv(), 3);
    for (const end of [near, moved, carrier, landing]) end.close();
  });

  test("with the smallest ring carries messages of all sizes around its length", async () => {
    const [a, b] = pipe({ capacity: 4096 });
    const sizes = [
      ...Array.from({ length: 1100 }, (_, i) => i),
      ...Array.from({ length: 40 }, (_, i) => 4076 + i),
      8192,
      20_000,
    ];
    const sending = (async () => {
      for (const size of sizes) await a.sendBytes(patterned(size, size));
    })();
    for (const size of sizes)
      assert.equal(Buffer.compare(await b.recvBytes(), patterned(size, size)), 0, `${size} bytes`);
    await sending;
    a.close();
    b.close();
  });
});

describe("a pipe whose memory was written over", watchdog, () => {
  const damages: [what: string, damage: (words: Uint32Array) => void][] = [
    ["a record's length is beyond what was written", (words) => words.fill(1_000_000, 0, 1)],
    ["a record's length is negative", (words) => words.fill(-8 >>> 0, 0, 1)],
    ["a record is the middle of a message that never began", (words) => words.fill(0, 1, 2)],
    ["a first piece announces more than maxMessage", (words) => words.set([16, 0x100, 0xffff_fff0, 0])],
  ];
  for (const [index, [what, damage]] of damages.entries())
    test(`${index === 0 ? "smoke: " : ""}[case 26] ends with a ProtocolError, never with an empty message: ${what}`, async () => {
      const [a, b] = pipe<unknown>();
      a.trySendBytes(patterned(16));
      damage(ringWords(0));
      await assert.rejects(b.recv(), codes.protocol);
      await assert.rejects(b.recvBytes(), codes.protocol);
      assert.throws(() => b.trySend("x"), codes.protocol);
      await assert.rejects(a.recv(), codes.end);
      b.close();
      a.close();
    });
});

describe("a wait on a pipe", watchdog, () => {
  test("smoke: an end that is always ready lets a timer of 5 ms fire, receiving from a child that floods it", async () => {
    const [mine, theirs] = pipe<never, number>();
    const child = spawn(flooding, [theirs], { stdio: "ignore" });
    assert.equal(await mine.recv(), 0);
    const fired = sleep(5).then(() => true);
    let expected = 1;
    for (let done = false; !done; expected++) {
      assert.equal(await mine.recv(), expected);
      if (expected % 1000 === 0) done = (await Promise.race([fired, undefined])) === true;
    }
    mine.close();
    await assert.rejects(child.result(), { remoteCode: "ERR_INTERPROC_BROKEN_PIPE" });
    await child.join();
  });

  for (const form of ["send and recv", "sendMany and recvMany", "for await"] as const)
    test(`${form} that never wait let a timer of 5 ms fire`, async () => {
      const [a, b] = pipe<number>();
      let fired = false;
      setTimeout(() => {
        fired = true;
      }, 5);
      const iterator = b[Symbol.asyncIterator]();
      let turns = 0;
      for (; !fired && turns < 20_000_000; turns++) {
        if (form === "sendMany and recvMany") {
          await a.sendMany([1, 2]);
          await b.recvMany(2);
        } else {
          await a.send(1);
          await (form === "for await" ? iterator.next() : b.recv());
        }
      }
      assert.equal(fired, true, `after ${turns} turns`);
      a.close();
      b.close();
    });

  for (const [form, receive] of [
    ["in the event loop", (end: Connection) => end.recvBytes()],
    ["in a call that blocks", async (end: Connection) => end.recvBytesSync()],
  ] as const)
    test(`finds a message whose sender never came to wake anybody, ${form}`, async () => {
      const [mine, theirs] = pipe({ capacity: WHISPER_CAPACITY });
      const [hold, until] = pipe();
      const child = spawn(whispering, [theirs, until]);
      assert.deepEqual([...(await receive(mine))], [1, 2, 3]);
      hold.close();
      mine.close();
      await child.join();
    });

  for (const [form, send] of [
    ["in the event loop", (end: Connection) => end.sendBytes(patterned(1000))],
    ["in a call that blocks", async (end: Connection) => end.sendBytesSync(patterned(1000))],
  ] as const)
    test(`finds room that its receiver never came to tell of, ${form}`, async () => {
      const [mine, theirs] = pipe({ capacity: WHISPER_CAPACITY });
      const [hold, until] = pipe();
      while (mine.trySendBytes(patterned(1000)));
      const child = spawn(gulping, [theirs, until]);
      await send(mine);
      hold.close();
      mine.close();
      await child.join();
    });
});

/** The words of a ring of the pipe that was made last: what end 0 sends goes through ring 0. */
function ringWords(ring: number): Uint32Array {
  const segment = [...mappedPipes.values()].at(-1);
  assert.ok(segment);
  const { bytes, base, capacity } = new PipeLink(segment, 0).place(ring);
  return new Uint32Array(bytes.array.buffer, base, capacity / 4);
}
