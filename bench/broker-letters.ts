import { type BrokerPayload, brokerPayloads } from "./broker-question.js";

/** Every 64th message is looked at in whole. */
const lookEvery = 64;
const patternStart = 4;

/** What one consumer has got since it was asked last. */
export interface BrokerCount {
  count: number;
  /** Sum of the ids. */
  sum: number;
}

/** Makes the messages of one payload, each in memory of its own, and counts and checks them: the first four bytes are the id. */
export class BrokerLetters {
  private readonly pattern: Buffer;
  private counted: BrokerCount = { count: 0, sum: 0 };

  constructor(payload: BrokerPayload) {
    this.pattern = Buffer.alloc(brokerPayloads[payload].bytes);
    for (let at = patternStart; at < this.pattern.length; at++) this.pattern[at] = (at * 7) & 0xff;
  }

  message(id: number): Buffer {
    const bytes = Buffer.from(this.pattern);
    bytes.writeUInt32LE(id);
    return bytes;
  }

  /** @throws Error if it arrived damaged */
  take(came: Uint8Array): void {
    const bytes = Buffer.from(came.buffer, came.byteOffset, came.length);
    if (bytes.length !== this.pattern.length)
      throw new Error(`a message arrived with ${bytes.length} bytes instead of ${this.pattern.length}`);
    const id = bytes.readUInt32LE();
    if (id % lookEvery === 0 && bytes.compare(this.pattern, patternStart, undefined, patternStart) !== 0)
      throw new Error(`message ${id} arrived damaged`);
    this.counted.count++;
    this.counted.sum += id;
  }

  /** What was counted since the last call. */
  total(): BrokerCount {
    const { counted } = this;
    this.counted = { count: 0, sum: 0 };
    return counted;
  }
}

/** @throws Error if the consumers together have not got exactly the messages 0 to `count` - 1 */
export function checkBrokerCounts(count: number, counted: readonly BrokerCount[]): void {
  const got = counted.reduce((all, one) => ({ count: all.count + one.count, sum: all.sum + one.sum }));
  const sum = (count * (count - 1)) / 2;
  if (got.count !== count || got.sum !== sum)
    throw new Error(
      `the consumers got ${got.count} messages whose ids sum to ${got.sum}, instead of ${count} and ${sum}`,
    );
}
