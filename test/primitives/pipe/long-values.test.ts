import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Connection, pipe } from "interproc";
import { patterned, watchdog } from "../../contract/connection-kind.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";

interface Long {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** What a message of that number has in it. */
const lengthOf = (number: number): number => 80_000 + ((number * 7919) % 500_000);
const long = (number: number): Long => ({
  number,
  bytes: patterned(lengthOf(number)).fill(number & 255, 0, 9),
  text: `${number}`,
});

function check({ number, bytes, text }: Long, context: string): void {
  assert.equal(text, `${number}`, context);
  assert.equal(
    bytes.buffer.byteLength,
    lengthOf(number),
    `${context}: bytes of ${number} are not alone in their buffer`,
  );
  assert.ok(Buffer.compare(bytes, long(number).bytes) === 0, `${context}: message ${number} is damaged`);
}

describe("long values in pipes", watchdog, () => {
  test("smoke: each is what it was, whatever is sent, received, changed and given up around it", async () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const pipes = Array.from({ length: 4 }, () => pipe<Long, never>({ capacity: 65_536 })) as [
      Connection<Long, never>,
      Connection<never, Long>,
    ][];
    const kept: Long[] = [];
    const sendings: Promise<void>[] = [];
    const expected = pipes.map((): number[] => []);
    const before = (n: number): number => expected[n].shift() as number;
    for (let number = 0; number < 300; number++) {
      const n = random.below(pipes.length);
      const value = long(number);
      if (random.below(6) === 0) {
        // nothing else may be under way there, or the one before would be what is given up
        while (expected[n].length > 0) {
          const got = await pipes[n][1].recv();
          assert.equal(got.number, before(n), `seed ${seed}`);
          kept.push(got);
        }
        await assert.rejects(pipes[n][0].send(value, { timeout: 1 }), { code: "ERR_INTERPROC_TIMEOUT" });
      } else {
        sendings.push(pipes[n][0].send(value));
        value.bytes.fill(0xee); // the caller's again
        expected[n].push(number);
      }
      const from = random.below(pipes.length);
      if (expected[from].length > random.below(4)) {
        const got = await pipes[from][1].recv();
        assert.equal(got.number, before(from), `seed ${seed}`);
        kept.push(got);
      }
    }
    for (const [n, [, far]] of pipes.entries())
      while (expected[n].length > 0) {
        const got = await far.recv();
        assert.equal(got.number, before(n), `seed ${seed}`);
        kept.push(got);
      }
    await Promise.all(sendings);
    for (const value of kept) check(value, `seed ${seed}`);
    assert.ok(kept.length > 200);
    for (const ends of pipes) for (const end of ends) end.close();
  });

  test("those that block their thread, too", async () => {
    const [near, far] = pipe<Long, never>({ capacity: 65_536 }) as [Connection<Long, never>, Connection<never, Long>];
    const kept: Long[] = [];
    for (let number = 20; number < 40; number++) {
      const value = long(number);
      // whose other end this thread has itself: what does not fit is refused, and nothing of it comes
      assert.throws(() => near.sendSync(value), { code: "ERR_INTERPROC_USAGE" });
      const sending = near.send(value);
      value.bytes.fill(0xee);
      kept.push(await far.recv());
      await sending;
    }
    for (const value of kept) check(value, "after sendSync");
    near.close();
    far.close();
  });
});
