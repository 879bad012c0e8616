import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "#src/errors.js";
import type { MessageReader } from "#src/rings/message-reader.js";
import { FIRST, HANDLES, LAST } from "#src/rings/record-ring.layout.js";
import { Mail } from "./mail.js";
import { ReceivingParty } from "./receiving-party.js";
import { ringClasses } from "./ring-classes.js";
import { CAPACITY, RingMemory } from "./ring-memory.js";
import { SendingParty } from "./sending-party.js";
import { startPositions } from "./start-states.js";

const { MessageReader: Reader, MessageWriter: Writer, RingWriter } = ringClasses;
const memory = new RingMemory();

function both(position = 0) {
  memory.restart(position);
  const mail = new Mail();
  const sender = new SendingParty(ringClasses, memory, mail);
  return { mail, sender, receiver: new ReceivingParty(ringClasses, memory, mail) };
}

/** Writes a record as no message writer would. */
function forge(flags: number, ...words: readonly number[]): void {
  const writer = new RingWriter(memory.place());
  const offset = writer.reserve(words.length * 4);
  words.forEach((word, index) => {
    memory.place().bytes.setWord(offset + index * 4, word);
  });
  writer.commit(words.length * 4, flags);
}

const contentOf = (reader: MessageReader): Uint8Array =>
  Uint8Array.from(reader.bytes.subarray(reader.start, reader.end));

describe("messages in a record ring", () => {
  test("smoke: messages of any length come in order, whole", () => {
    const lengths = [0, 1, 127, 128, 1016, 1017, 2024, 2025, CAPACITY - 8, CAPACITY, 5 * CAPACITY + 3];
    for (const position of startPositions) {
      const { sender, receiver } = both(position);
      sender.send(...lengths);
      for (let rounds = 0; receiver.received.length < lengths.length; rounds++) {
        assert.ok(rounds < 100, "nothing comes any more");
        receiver.drain();
        sender.goOn();
      }
      assert.deepEqual(
        receiver.received,
        lengths.map((_, number) => number),
      );
      assert.equal(receiver.reader.nextLength, -1);
    }
  });

  test("a message that just fits does fit, and one more byte does not", () => {
    for (const taken of [0, 1, 100, 1000]) {
      const { sender, receiver } = both(2 ** 32 - 8);
      sender.send(taken);
      const free = CAPACITY - memory.used;
      const fitting = Array.from({ length: CAPACITY }, (_, length) => length).filter((length) =>
        sender.writer.fits(length),
      );
      const most = fitting.length - 1;
      assert.equal(fitting.at(-1), most, "all up to the longest fit");
      assert.ok(sender.send(most), "the longest goes in at once");
      assert.ok(CAPACITY - memory.used < 8, `${free} bytes were free, and ${CAPACITY - memory.used} are left`);
      assert.deepEqual(receiver.drain(), [0, 1]);
    }
  });

  test("the length of a message in pieces is known with its first piece, and forgotten when it is void", () => {
    const { sender, receiver } = both();
    sender.send(3 * CAPACITY);
    assert.equal(receiver.reader.nextLength, 3 * CAPACITY);
    sender.cancel();
    assert.equal(receiver.reader.nextLength, 3 * CAPACITY);
    sender.send(6000);
    assert.equal(receiver.reader.nextLength, 6000);
    sender.cancel();
    sender.send(6);
    assert.equal(receiver.reader.nextLength, 6);
    assert.deepEqual(receiver.drain(), [2]);
    assert.equal(receiver.reader.nextLength, -1);
  });

  test("a message in pieces is put together in the buffer that was offered, if that is long enough", () => {
    for (const [room, isUsed] of [
      [5000, true],
      [9000, true],
      [4999, false],
    ] as const) {
      const { sender, receiver } = both();
      const target = new Uint8Array(room);
      receiver.reader.assembleInto(target);
      const isSent = sender.send(5000);
      assert.ok(!isSent && !receiver.reader.next());
      sender.goOn();
      assert.ok(receiver.reader.next());
      assert.equal(receiver.reader.bytes === target, isUsed);
      assert.ok(receiver.take());
    }
  });

  test("a buffer that is taken back belongs to its owner at once, also when the message in it is whole", () => {
    for (const isWhole of [false, true]) {
      const { sender, receiver } = both();
      const target = new Uint8Array(5000);
      receiver.reader.assembleInto(target);
      sender.send(5000);
      receiver.reader.next();
      if (isWhole) {
        sender.goOn();
        assert.ok(receiver.reader.next());
      }
      receiver.reader.assembleInto(undefined);
      target.fill(0);
      sender.goOn();
      assert.deepEqual(receiver.drain(), [0]);
    }
  });

  test("a part of a message goes on with the next holder of the end, and a whole one that was not taken as well", () => {
    for (const isWhole of [false, true]) {
      const { mail, sender, receiver } = both();
      sender.send(5000, 10);
      receiver.reader.next();
      if (isWhole) {
        sender.goOn();
        assert.ok(receiver.reader.next());
      }
      const heir = new ReceivingParty(ringClasses, memory, mail, undefined, receiver);
      sender.goOn();
      assert.deepEqual(heir.drain(), [0, 1]);
    }
  });

  test("a part that contradicts itself is a ProtocolError", () => {
    memory.restart(0);
    const bytes = new Uint8Array(10);
    const nonsense = "ten" as unknown as number;
    const wrong = [
      { bytes, total: 9, flags: 0 },
      { bytes, total: -1, flags: 0 },
      { bytes, total: Number.NaN, flags: 0 },
      { bytes, total: 2 ** 40, flags: 0 },
      { bytes, total: 1001, flags: 0 },
      { bytes, total: nonsense, flags: 0 },
      { bytes, total: 20, flags: nonsense },
      { bytes: "0123456789" as unknown as Uint8Array, total: 20, flags: 0 },
    ];
    for (const partial of wrong) {
      const reader = new Reader(memory.place(), 1000);
      assert.throws(() => reader.resume(partial), ProtocolError);
      assert.ok(!reader.next());
    }
  });

  test("[case 26] a message longer than maxMessage is a ProtocolError, in one record or in pieces", () => {
    for (const [flags, words] of [
      [FIRST | LAST, Array.from({ length: 26 }, () => 0)],
      [FIRST, [101, 0, 0]],
      [FIRST, [0xffff_ffff, 0, 0]],
    ] as const) {
      memory.restart(0);
      forge(flags, ...words);
      const reader = new Reader(memory.place(), 100);
      assert.throws(() => reader.next(), ProtocolError);
      assert.throws(() => reader.next(), ProtocolError, "it stays one");
    }
  });

  test("pieces that contradict their message are a ProtocolError", () => {
    const records: Readonly<Record<string, readonly (readonly [number, ...number[]])[]>> = {
      "no first piece": [[0, 1, 2]],
      "a last piece only": [[LAST, 1, 2]],
      "a first piece without the length": [[FIRST, 8]],
      "a length of more than 32 bits": [[FIRST, 8, 1, 0]],
      "more than it says": [
        [FIRST, 8, 0, 1],
        [LAST, 2, 3],
      ],
      "less than it says": [
        [FIRST, 12, 0, 1],
        [LAST, 2],
      ],
      "everything, and no last piece": [
        [FIRST, 8, 0, 1],
        [0, 2],
      ],
    };
    for (const [what, pieces] of Object.entries(records)) {
      memory.restart(0);
      for (const [flags, ...words] of pieces) forge(flags, ...words);
      const reader = new Reader(memory.place(), 1000);
      assert.throws(() => reader.next(), ProtocolError, what);
    }
  });

  test("a peer that writes pieces without end does not keep the reader for ever", () => {
    memory.restart(0);
    forge(FIRST, 1000, 0, 0);
    const reader = new Reader(memory.place(), 1000);
    const { peek } = reader.ring;
    let records = 0;
    // before each look of the reader there is one empty piece more
    reader.ring.peek = function (this: MessageReader["ring"]) {
      forge(0);
      assert.ok(++records < 10_000, "the reader goes on and on");
      return peek.call(this);
    };
    assert.ok(!reader.next());
  });

  test("format and handles bit come with whole messages and with those in pieces", () => {
    memory.restart(0);
    const writer = new Writer(memory.place());
    const reader = new Reader(memory.place(), 5000);
    for (const length of [10, 2000])
      for (const flags of [0, 255, 7 | HANDLES]) {
        const bytes = new Uint8Array(length).fill(flags);
        assert.ok(writer.push({ bytes, flags, written: 0, begun: false }));
        assert.ok(reader.next());
        assert.deepEqual([reader.format, reader.hasHandles], [flags & 255, flags > 255]);
        assert.deepEqual(contentOf(reader), bytes);
        reader.finish();
      }
  });

  test("both sides count messages and bytes, each once, whoever holds the ends", () => {
    const { mail, sender, receiver } = both();
    sender.send(100, 2000);
    sender.send(9000);
    receiver.drain();
    sender.cancel();
    const next = new SendingParty(ringClasses, memory, mail);
    assert.ok(next.send(50));
    receiver.drain();
    assert.deepEqual(memory.counts, { written: 3, writtenBytes: 2150, read: 3, readBytes: 2150 });
  });
});
