import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "#src/errors.js";
import { UNIT } from "#src/rings/broadcast-ring.layout.js";
import { AccessGate } from "./access-gate.js";
import { BroadcastMemory, contentOf, type HeadWord, LASTS } from "./broadcast-memory.js";
import { inContext } from "./in-context.js";
import { chooseSeed, SeededRandom } from "./seeded-random.js";

const UNITS = 512;
const QUARTER = (UNITS / 4) * UNIT - UNIT;
/** A reader's own buffer. */
const MOST_BUFFER = 64 * 1024;
/** More accesses than any honest use of a ring of this size takes for one call: an endless loop. */
const MOST_ACCESSES = 10_000;

const headWords: readonly HeadWord[] = ["head", "tail", "era", "resume", "nextResume", "sequenceLow", "sequenceHigh"];

interface Figures {
  messages: number;
  published: number;
  refused: number;
}

/** Everybody uses a ring whose memory is changed at random before and meanwhile. */
function runCase(seed: number, figures: Figures): void {
  const random = new SeededRandom(seed);
  const memory = new BroadcastMemory(UNITS, {
    position: random.pick([0, 100, 2 ** 29 - 300, 2 ** 31 - 300, 2 ** 32 - 300]),
    sequence: random.pick([0, 2 ** 32 - 5]),
  });
  const gate = new AccessGate();
  const reader = memory.reader(0, gate);
  const ring = memory.ring(gate);
  for (let left = random.below(80); left > 0; left--)
    memory.publish(random.below(300), random.below(9), random.below(2) * LASTS);
  const change = (): void => {
    const near = (value: number): number =>
      value + random.pick([-1, 1, 2, 8, UNITS, -UNITS, UNITS + 1, 2 ** 29, 2 ** 31]);
    const number = (): number =>
      random.pick([
        random.word(),
        random.below(600),
        near(memory.head("head")),
        near(memory.head("tail")),
        0,
        2 ** 32 - 1,
      ]);
    if (random.below(3) === 0) memory.setHead(random.pick(headWords), number());
    else memory.setWord((random.below(UNITS) * UNIT + random.below(4) * 4) % memory.size, number());
  };
  const call = (what: () => void): void => {
    gate.count = 0;
    gate.most = MOST_ACCESSES;
    gate.interludeAt = random.below(3) === 0 ? 1 + random.below(30) : 0;
    gate.interlude = () => {
      change();
      if (random.below(2) === 0) gate.interludeAt = gate.count + 1 + random.below(20);
    };
    try {
      what();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      figures.refused++;
    }
  };
  for (let changes = random.below(6); changes > 0; changes--) change();
  if (random.below(20) === 0)
    for (let at = 0; at < memory.size; at += 4) memory.setWord(at, random.word() >>> random.below(32));
  for (let calls = 0; calls < 12; calls++) {
    if (random.below(3) === 0) change();
    if (random.below(3) > 0)
      call(() => {
        const message = reader.next(() => undefined);
        assert.ok(reader.buffer.length <= MOST_BUFFER, `a reader took ${reader.buffer.length} bytes`);
        if (!message) return;
        figures.messages++;
        const { keyAt, keyBytes, at, length, flags } = message;
        assert.ok(keyBytes <= 255 && keyAt + keyBytes <= at, "a key lies before its message");
        assert.ok(at + length <= reader.buffer.length, `a message ends at ${at + length} of ${reader.buffer.length}`);
        if ((flags & LASTS) !== 0) reader.pass();
      });
    else if (random.below(4) === 0) call(() => ring.repair());
    else
      call(() => {
        const length = random.below(random.pick([40, 400, QUARTER - 16]));
        ring.publish(contentOf(calls, 7), contentOf(calls, length), length, 0, (at, bytes) => {
          assert.ok(bytes <= memory.size, `a message of ${bytes} bytes is said to be written over`);
          ring.read(at, bytes, new Uint8Array(bytes));
        });
        figures.published++;
      });
  }
  assert.ok(memory.isGuardWhole, "nobody wrote outside of the ring");
}

function run(cases: number, seed: number): Figures {
  const figures: Figures = { messages: 0, published: 0, refused: 0 };
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // half of a refusal's time
  try {
    for (let number = 0; number < cases; number++)
      inContext(
        () => `case ${number} of INTERPROC_SEED=${seed}`,
        () => runCase(seed + Math.imul(number, 0x9e37_79b9), figures),
      );
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return figures;
}

describe("a broadcast ring in hostile memory", () => {
  test("smoke: the first fixed cases work or are a ProtocolError", () => {
    const { messages, published, refused } = run(2000, 1);
    assert.ok(messages > 500 && published > 500 && refused > 500, `${messages}, ${published}, ${refused}`);
  });

  test("whatever it holds, and whenever it changes: no other error, no access outside, no endless loop, no large allocation", (t) => {
    const isFast = process.env.INTERPROC_TEST === "fast";
    const cases = Number(process.env.INTERPROC_CASES ?? (isFast ? 5000 : 30_000));
    const seed = chooseSeed();
    t.diagnostic(`${cases} cases, seed ${seed}`);
    const { messages, published, refused } = run(cases, seed);
    t.diagnostic(`${messages} messages shown, ${published} published, ${refused} calls refused`);
  });
});
