import assert from "node:assert/strict";
import fc from "fast-check";
import { AccessGate } from "./access-gate.js";
import { type Letter, Mail } from "./mail.js";
import { readersOwn, writersOwn } from "./ownership.js";
import { ReceivingParty } from "./receiving-party.js";
import type { RingClasses } from "./ring-classes.js";
import { CAPACITY, type RingMemory } from "./ring-memory.js";
import { RingModel, WHOLE } from "./ring-model.js";
import { SendingParty } from "./sending-party.js";
import { startPositions } from "./start-states.js";

type Plain =
  | "go on"
  | "cancel"
  | "give a claim up"
  | "receive"
  | "look"
  | "the writer is another one"
  | "the reader hands over"
  | "the reader is killed";

type Step =
  | { readonly do: Plain }
  | { readonly do: "send if it fits" | "send" | "claim"; readonly length: number }
  | { readonly do: "offer a buffer"; readonly length: number | undefined }
  | { readonly do: "receive together"; readonly most: number };

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat(64) },
  { weight: 4, arbitrary: fc.nat(WHOLE) },
  { weight: 3, arbitrary: fc.integer({ min: WHOLE - 8, max: WHOLE + 16 }) },
  { weight: 3, arbitrary: fc.integer({ min: WHOLE, max: CAPACITY }) },
  { weight: 1, arbitrary: fc.integer({ min: CAPACITY, max: 3 * CAPACITY }) },
);
const plain = (what: Plain, weight: number) => ({ weight, arbitrary: fc.constant<Step>({ do: what }) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: length.map((length): Step => ({ do: "send if it fits", length })) },
  { weight: 6, arbitrary: length.map((length): Step => ({ do: "send", length })) },
  { weight: 2, arbitrary: fc.nat(CAPACITY - 8).map((length): Step => ({ do: "claim", length })) },
  {
    weight: 2,
    arbitrary: fc
      .option(fc.nat(CAPACITY * 2), { nil: undefined })
      .map((length): Step => ({ do: "offer a buffer", length })),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }).map((most): Step => ({ do: "receive together", most })) },
  plain("go on", 4),
  plain("cancel", 1),
  plain("give a claim up", 1),
  plain("receive", 10),
  plain("look", 2),
  plain("the writer is another one", 1),
  plain("the reader hands over", 1),
  plain("the reader is killed", 1),
);

/** Random steps of a writer and a reader do what an array would do. @throws an Error that names the seed */
export function checkAgainstModel(rings: RingClasses, memory: RingMemory, numRuns: number, seed: number): void {
  const property = fc.property(
    fc.constantFrom(...startPositions),
    fc.array(step, { maxLength: 80, size: "max" }),
    (position, steps) => {
      const run = new ModelRun(rings, memory, position);
      for (const one of steps) run.take(one);
      run.end();
    },
  );
  fc.assert(property, { numRuns, seed });
}

class ModelRun {
  private readonly mail = new Mail();
  private readonly lengths: number[] = [];
  private readonly model = new RingModel((message) => this.lengths[message]);
  private sender: SendingParty;
  private receiver: ReceivingParty;
  /** The message that the writer is in the middle of. */
  private letter: Letter | undefined;
  private readonly written: number[] = [];
  private readonly read: number[] = [];

  constructor(
    private readonly rings: RingClasses,
    private readonly memory: RingMemory,
    position: number,
  ) {
    memory.restart(position);
    this.sender = this.newSender();
    this.receiver = this.newReceiver();
  }

  take(step: Step): void {
    const { model } = this;
    switch (step.do) {
      case "send if it fits":
        if (model.isWriting) return;
        assert.equal(this.sender.writer.fits(step.length), model.fits(step.length), `${step.length} bytes fit`);
        if (model.fits(step.length)) this.send(step.length);
        break;
      case "send":
        if (!model.isWriting) this.send(step.length);
        break;
      case "go on":
        if (this.letter) this.push(this.letter, model.goOn());
        break;
      case "cancel":
        this.cancel();
        break;
      case "claim":
        if (!model.isWriting) this.claim(step.length);
        break;
      case "give a claim up":
        if (!model.isWriting) this.sender.writer.reserve(100);
        break;
      case "receive":
        this.receive();
        break;
      case "receive together":
        this.receiveTogether(step.most);
        break;
      case "look":
        assert.equal(this.receiver.reader.nextLength, model.nextLength, "length of the next message");
        break;
      case "offer a buffer":
        this.receiver.reader.assembleInto(step.length === undefined ? undefined : new Uint8Array(step.length));
        break;
      case "the writer is another one":
        this.cancel();
        this.sender = this.newSender();
        break;
      case "the reader hands over":
        this.handOver();
        break;
      case "the reader is killed":
        if (!model.hasNothingInMemory) return;
        model.readerIsNew();
        this.receiver = this.newReceiver();
    }
    assert.equal(this.memory.used, CAPACITY - model.free, `bytes in the ring after "${step.do}"`);
  }

  /** Whatever was sent is read. */
  end(): void {
    for (let rounds = 0; this.letter !== undefined || this.model.next() !== undefined; rounds++) {
      assert.ok(rounds < 200, "it goes on and on");
      if (this.letter) this.push(this.letter, this.model.goOn());
      this.receive();
    }
    this.receive();
    assert.deepEqual(this.read, this.written, "messages that were read, and those that were sent");
    const bytes = this.written.reduce((sum, number) => sum + this.lengths[number], 0);
    const { written, read, ...sums } = this.memory.counts;
    assert.deepEqual({ written, read }, { written: this.written.length, read: this.read.length }, "messages counted");
    assert.deepEqual(sums, { writtenBytes: bytes, readBytes: bytes }, "bytes counted");
  }

  private send(length: number): void {
    const letter = this.compose(length);
    this.push(letter, this.model.write(letter.number));
  }

  private push(letter: Letter, isWhole: boolean): void {
    assert.equal(this.sender.writer.push(letter), isWhole, `message ${letter.number} is whole in the ring`);
    if (isWhole) this.written.push(letter.number);
    this.letter = isWhole ? undefined : letter;
  }

  private cancel(): void {
    this.model.cancel();
    this.letter = undefined;
  }

  private claim(length: number): void {
    const { number, bytes, flags } = this.compose(length);
    const { writer } = this.sender;
    const offset = writer.reserve(length);
    assert.equal(offset >= 0, this.model.claim(number), `room for a claim of ${length} bytes`);
    if (offset < 0) return;
    writer.fill(offset, bytes);
    writer.commit(length, flags);
    this.written.push(number);
  }

  private receive(): void {
    const expected = this.model.next();
    assert.equal(this.receiver.take(), expected !== undefined, "a message is there");
    if (expected === undefined) return;
    this.model.finish();
    this.read.push(expected);
    assert.equal(this.receiver.received.at(-1), expected, "the message that came");
  }

  private receiveTogether(most: number): void {
    const expected: number[] = [];
    for (let next = this.model.next(); next !== undefined && expected.length < most; next = this.model.next()) {
      expected.push(next);
      this.model.finish();
      if (expected.length === most) break;
    }
    const { received } = this.receiver;
    const before = received.length;
    assert.equal(this.receiver.takeTogether(most), expected.length, "messages that came together");
    assert.deepEqual(received.slice(before), expected);
    this.read.push(...expected);
  }

  private handOver(): void {
    const came = this.model.handOver();
    assert.equal(this.receiver.reader.partial()?.bytes.length, came, "bytes that go along");
    this.receiver = this.newReceiver(this.receiver);
  }

  private compose(length: number): Letter {
    this.lengths.push(length);
    return this.mail.compose(length);
  }

  private newSender(): SendingParty {
    return new SendingParty(this.rings, this.memory, this.mail, new AccessGate(writersOwn(this.memory)));
  }

  private newReceiver(former?: ReceivingParty): ReceivingParty {
    return new ReceivingParty(this.rings, this.memory, this.mail, new AccessGate(readersOwn(this.memory)), former);
  }
}
