import { ProtocolError } from "#src/errors.js";
import type { MessageReader } from "#src/rings/message-reader.js";
import { FIRST, HANDLES, LAST } from "#src/rings/record-ring.layout.js";
import { AccessGate } from "./access-gate.js";
import { inContext } from "./in-context.js";
import { Mail } from "./mail.js";
import type { RingClasses } from "./ring-classes.js";
import { ringClasses } from "./ring-classes.js";
import { CAPACITY, type RingMemory } from "./ring-memory.js";
import { SeededRandom } from "./seeded-random.js";
import { SendingParty } from "./sending-party.js";
import { startPositions, startStates } from "./start-states.js";

/** What one side may allocate at once for what the other side says. */
const MOST_AT_ONCE = 16 * 1024 * 1024;
/** More accesses than any honest use of a ring of this size takes for what a case does: an endless loop. */
const MOST_ACCESSES = 20_000;

export interface HostileFigures {
  cases: number;
  /** Messages that were shown, and calls that ended in a ProtocolError. */
  messages: number;
  refused: number;
}

/**
 * Reader and writer of a ring whose memory the other side has filled as it likes, and fills again while they work: each
 * call works or is a ProtocolError. They never touch a byte outside of the ring, never loop for long, never allocate more
 * than is allowed. @throws an Error that names the case and the seed
 */
export class HostileMemory {
  readonly figures: HostileFigures = { cases: 0, messages: 0, refused: 0 };
  private readonly states: ReturnType<RingMemory["save"]>[] = [];
  private readonly scratch = new Uint8Array(CAPACITY * 4);
  private readonly allocated = Buffer.alloc(MOST_AT_ONCE);
  private random = new SeededRandom(1);
  private gate = new AccessGate();
  private maxMessage = 0;

  constructor(
    private readonly rings: RingClasses,
    private readonly memory: RingMemory,
  ) {
    for (const state of startStates) {
      state.enter(ringClasses, memory, new Mail());
      this.states.push(memory.save());
    }
    for (const position of startPositions) {
      memory.restart(position);
      new SendingParty(ringClasses, memory, new Mail()).send(...Array.from({ length: 64 }, (_, i) => i % 7), 2000);
      this.states.push(memory.save());
    }
  }

  run(cases: number, seed: number): HostileFigures {
    const { allocUnsafeSlow } = Buffer;
    const { stackTraceLimit } = Error;
    // what would be taken is looked at, and a large piece of memory not really taken a million times
    Buffer.allocUnsafeSlow = (size) => {
      const most = Math.min(this.maxMessage, MOST_AT_ONCE);
      if (!(size >= 0 && size <= most)) throw new Error(`${size} bytes are allocated; allowed: ${most}`);
      return size < 4096 ? allocUnsafeSlow(size) : this.allocated.subarray(0, size);
    };
    // half of a refusal's time
    Error.stackTraceLimit = 0;
    try {
      for (let number = 0; number < cases; number++) {
        const caseSeed = seed + Math.imul(number, 0x9e37_79b9);
        try {
          this.runCase(caseSeed);
        } catch (error) {
          Error.stackTraceLimit = stackTraceLimit;
          inContext(
            () => `hostile memory, case ${number} of seed ${seed}`,
            () => {
              this.runCase(caseSeed); // once more, for its stack
              throw error;
            },
          );
        }
        if (number % 10_000 === 0) this.checkGuard();
      }
      this.checkGuard();
    } finally {
      Buffer.allocUnsafeSlow = allocUnsafeSlow;
      Error.stackTraceLimit = stackTraceLimit;
    }
    this.figures.cases += cases;
    return this.figures;
  }

  private runCase(seed: number): void {
    const random = new SeededRandom(seed);
    this.random = random;
    const { memory } = this;
    memory.restore(random.pick(this.states));
    if (random.below(50) === 0) this.scramble();
    for (let changes = random.below(5); changes > 0; changes--) this.change();
    this.maxMessage = random.pick([0, 100, 1000, 5000, 1 << 20, 1 << 30]);
    this.attempt(() => this.read());
    for (let changes = random.below(3); changes > 0; changes--) this.change();
    this.attempt(() => this.write());
  }

  private attempt(party: () => void): void {
    const { random } = this;
    this.gate = new AccessGate();
    this.gate.most = MOST_ACCESSES;
    if (random.below(3) === 0) {
      this.gate.interludeAt = 1 + random.below(30);
      this.gate.interlude = () => {
        this.change();
        if (random.below(2) === 0) this.gate.interludeAt = this.gate.count + 1 + random.below(20);
      };
    }
    party();
  }

  /** Reads as long as there are messages, and goes on after a refusal, as a careless caller would. */
  private read(): void {
    const { random, memory, gate, scratch } = this;
    const place = memory.place(gate);
    const reader = this.allow(() => new this.rings.MessageReader(place, this.maxMessage));
    if (!reader) return;
    if (random.below(8) === 0) reader.assembleInto(scratch.subarray(0, random.below(6000)));
    if (random.below(8) === 0) this.allow(() => reader.resume(this.partial()));
    let refusals = 0;
    // each message takes 8 bytes of the ring at least; what is changed meanwhile can show it once again
    for (let left = (2 * CAPACITY) / 8; left > 0; left--) {
      const isFound = this.allow(() => reader.next());
      if (isFound === undefined && ++refusals > 2) return;
      if (isFound === false) return this.handOver(reader);
      if (!isFound) continue;
      this.figures.messages++;
      const { start, end, inRing } = reader;
      if (!(start >= 0 && end >= start && end - start <= this.maxMessage))
        throw new Error(`a message is shown at [${start}, ${end}); maxMessage ${this.maxMessage}`);
      if (inRing) {
        if (end - start > CAPACITY - 8) throw new Error(`a record of ${end - start} bytes is shown`);
        place.bytes.copyOut(start, end, scratch, 0);
      } else if (end > reader.bytes.length)
        throw new Error(`a message of ${end} bytes is shown in ${reader.bytes.length}`);
      if (random.below(4) > 0) reader.finish();
      else {
        reader.skip();
        reader.ring.release();
      }
    }
    throw new Error("messages come without end");
  }

  private handOver(reader: MessageReader): void {
    const partial = this.allow(() => reader.partial());
    if (!partial) return;
    if (partial.bytes.length > partial.total) throw new Error(`${partial.bytes.length} bytes came of ${partial.total}`);
    const heir = this.allow(() => new this.rings.MessageReader(this.memory.place(this.gate), this.maxMessage));
    if (heir) this.allow(() => heir.resume(partial));
  }

  private write(): void {
    const { random, memory, gate, scratch } = this;
    const place = memory.place(gate);
    const writer = this.allow(() => new this.rings.MessageWriter(place));
    if (!writer) return;
    for (let calls = 1 + random.below(4); calls > 0; calls--) {
      const length = random.pick([random.below(40), random.below(1100), random.below(CAPACITY * 2), CAPACITY - 8]);
      const bytes = scratch.subarray(0, length);
      const call = random.below(5);
      if (call < 2) this.allow(() => writer.push({ bytes, flags: 1, written: 0, begun: false }));
      else if (call < 4)
        this.allow(() => {
          const offset = writer.reserve(length);
          if (offset < 0) return;
          writer.fill(offset, bytes);
          writer.commit(random.below(length + 1), 1);
        });
      else
        this.allow(() => {
          writer.fits(length);
          writer.want(undefined, length);
          return writer.ring.isDrained;
        });
    }
  }

  /** Undefined when it was refused in the right way. */
  private allow<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.figures.refused++;
      return undefined;
    }
  }

  /** What may come along with an end that was handed over. */
  private partial(): { bytes: Uint8Array; total: number; flags: number } {
    const { random, scratch } = this;
    return { bytes: scratch.subarray(0, random.below(3000)), total: this.number(), flags: this.number() };
  }

  /** Changes something that one side says to the other: head, tail, a record's length or flags, a message's length. */
  private change(): void {
    const { random, memory } = this;
    const { control, tailWord, headWord } = memory;
    const { bytes, base } = memory.place();
    switch (random.below(7)) {
      case 0:
        control[tailWord] = this.near(control[random.pick([tailWord, headWord])]);
        break;
      case 1:
        control[headWord] = this.near(control[random.pick([tailWord, headWord])]);
        break;
      case 2:
      case 3:
        bytes.setWord(this.record(), this.near(random.pick([0, CAPACITY / 4, memory.used])));
        break;
      case 4:
        bytes.setWord(this.record() + 4, random.pick([FIRST, LAST, FIRST | LAST, 0, HANDLES]) | random.below(4));
        break;
      case 5:
        bytes.setWord(this.record() + 8 + 4 * random.below(2), this.number());
        break;
      default:
        bytes.setWord(base + 4 * random.below(CAPACITY / 4), this.number());
    }
  }

  private scramble(): void {
    const { random, memory } = this;
    const { bytes, base } = memory.place();
    for (let at = 0; at < CAPACITY; at += 4) bytes.setWord(base + at, random.word() >>> random.below(32));
  }

  /** The offset of a record somewhere behind the head; of the head's own, most often. */
  private record(): number {
    const { random, memory } = this;
    const { bytes, base } = memory.place();
    let at = memory.head & (CAPACITY - 8);
    for (let steps = random.below(4); steps > 0; steps--)
      at = (at + 8 + ((bytes.word(base + at) + 7) & ~7)) & (CAPACITY - 8);
    return base + at;
  }

  private near(value: number): number {
    const { random } = this;
    const off = [0, 1, 4, 7, 8, 16, CAPACITY - 8, CAPACITY, CAPACITY + 8, 2 ** 31 - 8, 2 ** 31, 2 ** 31 + 8];
    if (random.below(8) === 0) return random.word();
    return random.below(2) === 0 ? value + random.pick(off) : value - random.pick(off);
  }

  private number(): number {
    const { random } = this;
    return random.pick([0, 1, 8, random.below(6000), 2 ** 24, 2 ** 30, 2 ** 31, 2 ** 32 - 1, random.word()]);
  }

  private checkGuard(): void {
    if (!this.memory.isGuardWhole) throw new Error("somebody wrote outside of the ring");
  }
}
