import assert from "node:assert/strict";
import type { Bytes } from "#src/memory/bytes.js";
import type { MessageReader } from "#src/rings/message-reader.js";
import type { Outgoing } from "#src/rings/message-writer.js";
import { HANDLES } from "#src/rings/record-ring.layout.js";
import { SeededRandom } from "./seeded-random.js";

/** A message on its way. */
export interface Letter extends Outgoing {
  readonly number: number;
}

const MOST_BYTES = 32 * 1024;
const contents = new SeededRandom(1).bytes(256 * 64 + MOST_BYTES);

/**
 * The messages of one run, numbered in the order in which they are composed. Each can be told from every other, however
 * short: its format is its number, each third one is marked to carry handles, and all differ in their bytes.
 */
export class Mail {
  /** For each message that was sent, the ring's position behind it. */
  readonly ends: number[] = [];
  private readonly lengths: number[] = [];
  private readonly scratch = new Uint8Array(MOST_BYTES);

  compose(length: number): Letter {
    const number = this.lengths.push(length) - 1;
    assert.ok(
      number < 256 && length <= MOST_BYTES,
      `message ${number} of ${length} bytes is more than a test can tell`,
    );
    return { number, bytes: bytesOf(number, length), flags: flagsOf(number), written: 0, begun: false };
  }

  /** The number of a found message; it must be whole and just as it was composed. */
  recognise(reader: MessageReader, ring: Bytes): number {
    const { start, end, format: number, hasHandles } = reader;
    const length = end - start;
    assert.equal(length, this.lengths[number], `length of message ${number}`);
    let bytes = reader.bytes.subarray(start, end);
    if (reader.inRing) {
      ring.copyOut(start, end, this.scratch, 0);
      bytes = this.scratch.subarray(0, length);
    }
    assert.ok(Buffer.compare(bytes, bytesOf(number, length)) === 0, `message ${number} of ${length} bytes came torn`);
    assert.equal(hasHandles, (flagsOf(number) & HANDLES) !== 0, `handles bit of message ${number}`);
    return number;
  }
}

function bytesOf(number: number, length: number): Uint8Array {
  return contents.subarray(number * 64, number * 64 + length);
}

function flagsOf(number: number): number {
  return number | (number % 3 === 0 ? HANDLES : 0);
}
