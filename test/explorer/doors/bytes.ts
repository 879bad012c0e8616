// Takes the place of memory/bytes.js: each 32-bit word of a payload is read and written by a plain access of its own.
import { ofTheWorld } from "../fingerprint.js";
import { PAYLOAD } from "../ground.js";
import { party } from "../party.js";

function readByte(word: number, offset: number, from: { word: number; value: number }): number {
  if (from.word !== word) {
    from.value = party().step("plain load", word);
    from.word = word;
  }
  return (from.value >>> ((offset & 3) * 8)) & 255;
}

/** An array whose bytes are the shared ones: reading them in a row is one access for every four. */
function sharedArray(wordAt: (offset: number) => number): Uint8Array {
  const from = { word: -1, value: 0 };
  const shared = new Proxy(new Uint8Array(0), {
    get(_, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) {
        const offset = Number(name);
        if ((offset & 3) === 0) from.word = -1;
        return readByte(wordAt(offset), offset, from);
      }
      throw new Error(`an explored party uses ${String(name)} of the shared bytes`);
    },
  });
  return ofTheWorld(shared);
}

export class Bytes {
  readonly array: Uint8Array;
  private readonly bytes: number;

  constructor({ byteLength }: Uint8Array) {
    this.bytes = byteLength;
    this.array = sharedArray((offset) => this.wordAt(offset));
  }

  word(offset: number): number {
    return party().step("plain load", this.wordAt(offset)) >>> 0;
  }

  setWord(offset: number, value: number): void {
    party().step("plain store", this.wordAt(offset), value | 0);
  }

  /** Whole words only. */
  copyIn(offset: number, source: Uint8Array, from: number, to: number): void {
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    for (let at = from; at < to; at += 4) this.setWord(offset + at - from, view.getInt32(at, true));
  }

  copyOut(from: number, to: number, target: Uint8Array, offset: number): void {
    const cache = { word: -1, value: 0 };
    for (let at = from; at < to; at++) target[offset + at - from] = readByte(this.wordAt(at), at, cache);
  }

  /** The word that holds the byte at an offset. A ring's memory is there twice in a row. */
  private wordAt(offset: number): number {
    return PAYLOAD + ((offset % this.bytes) >>> 2);
  }
}
