import { byteLength, bytesMessages, type PayloadName, type Reading, reading, sampleEvery } from "./payload.js";

/** What a receiver has seen; it goes back to the sender as the acknowledgement of a round. */
export interface TallyCount {
  count: number;
  /** Sum of the first bytes, or of the ids. */
  sum: number;
  /** Sum over every 64th message: of 64 bytes spread over it, or of its name's and flag's digest. */
  sample: number;
}

/** Counts and checks what arrives: the number, one byte or the id of each message, and the content of every 64th. */
export class Tally {
  private count = 0;
  private sum = 0;
  private sample = 0;
  private readonly length: number;

  constructor(payload: PayloadName) {
    this.length = payload === "object" ? 0 : byteLength(payload);
  }

  /** @throws Error if the length is not the payload's */
  bytes(message: Uint8Array): void {
    if (message.length !== this.length) {
      throw new Error(`message ${this.count} arrived with ${message.length} bytes instead of ${this.length}`);
    }
    this.sum += message[0] ?? 0;
    if (this.count++ % sampleEvery === 0) this.sample += digestOfBytes(message);
  }

  object(message: Reading): void {
    this.sum += message.id;
    if (this.count++ % sampleEvery === 0) this.sample += digestOfReading(message);
  }

  /** What was counted since the last call. */
  take(): TallyCount {
    const { count, sum, sample } = this;
    this.count = this.sum = this.sample = 0;
    return { count, sum, sample };
  }
}

/** @throws Error if the receiver's tally of a round is not exactly that of the `count` messages that were sent */
export function checkTally(payload: PayloadName, count: number, seen: TallyCount): void {
  const expected = expectedTally(payload, count);
  for (const field of ["count", "sum", "sample"] as const) {
    if (seen[field] !== expected[field]) {
      throw new Error(`the receiver's ${field} of ${count} messages is ${seen[field]} instead of ${expected[field]}`);
    }
  }
}

function expectedTally(payload: PayloadName, count: number): TallyCount {
  const samples = Math.ceil(count / sampleEvery);
  if (payload === "object") {
    // The 64 between two samples is a multiple of the 16 names and of the 2 flags, so that all samples but the id agree.
    return { count, sum: (count * (count - 1)) / 2, sample: samples * digestOfReading(reading(0)) };
  }
  const message = bytesMessages(payload);
  const [marked, plain] = [message(0), message(1)];
  const sum = samples * (marked[0] ?? 0) + (count - samples) * (plain[0] ?? 0);
  return { count, sum, sample: samples * digestOfBytes(marked) };
}

function digestOfBytes(message: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < message.length; at += message.length / sampleEvery) sum += message[at] ?? 0;
  return sum;
}

function digestOfReading({ name, ok }: Reading): number {
  let sum = ok === true ? 1 : 1000;
  for (let at = 0; at < name.length; at++) sum += name.charCodeAt(at);
  return sum;
}
