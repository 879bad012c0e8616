import { isDeepStrictEqual } from "node:util";
import { SeededRandom } from "../rings/seeded-random.js";

const LONGEST = 300_000;
const NEIGHBOURS = 40;
/** Of a message that is only this long, one cannot say which one it is. */
const TELLING = 16;

const noise = Buffer.alloc(2 * LONGEST);
const random = new SeededRandom(1);
for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(random.word(), at);

/** What a message turned out to be that is not the one that was due. */
export type Fault = "corrupt" | "out of order";

/**
 * The messages of one run, which both parties know beforehand: number 0, 1, 2 … with contents of 0 to 300,000 bytes that
 * follow from the seed. So the receiver can hold every byte against what it must be.
 */
export class Traffic {
  constructor(
    private readonly seed: number,
    /** Plain bytes only, for forms of receiving that take nothing else. */
    private readonly onlyBytes: boolean,
  ) {}

  at(number: number): unknown {
    const random = new SeededRandom(this.seed + Math.imul(number, 0x9e37_79b1));
    const bytes = this.slice(random);
    if (this.onlyBytes || random.below(2) === 0) return bytes;
    const text = bytes.subarray(0, 3000).toString("latin1");
    return random.below(4) === 0
      ? { number, bytes: new Uint8Array(bytes), text }
      : { number, text, list: [number, text.length] };
  }

  /** Holds a received message against the one that is due. */
  faultOf(number: number, received: unknown): Fault | undefined {
    if (this.isNumber(number, received)) return undefined;
    if (received instanceof Uint8Array && received.length < TELLING) return "corrupt";
    for (let other = Math.max(0, number - NEIGHBOURS); other < number + NEIGHBOURS; other++)
      if (this.isNumber(other, received)) return "out of order";
    return "corrupt";
  }

  private isNumber(number: number, received: unknown): boolean {
    const due = this.at(number);
    if (due instanceof Uint8Array) return received instanceof Uint8Array && Buffer.compare(due, received) === 0;
    return isDeepStrictEqual(received, due);
  }

  private slice(random: SeededRandom): Buffer {
    const limits = [1, 16, 64, 64, 500, 500, 2000, 2000, 20_000, 20_000, LONGEST];
    const length = random.below(random.pick(limits));
    const from = random.below(LONGEST);
    return noise.subarray(from, from + length);
  }
}
