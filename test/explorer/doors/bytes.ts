// Takes the place of memory/bytes.js: each 32-bit word of a payload is read and written by a plain access of its own.
import { party } from "../party.js";
import { PAYLOAD, PAYLOAD_BYTES } from "../ground.js";

/** Where the word is that holds the byte at an offset; the memory is there twice in a row. */
const wordAt = (offset: number): number => PAYLOAD + ((offset % PAYLOAD_BYTES) >>> 2);

function readByte(offset: number, from: { word: number; value: number }): number {
  const word = wordAt(offset);
  if (from.word !== word) {
    from.value = party().step("plain load", word);
    from.word = word;
  }
  return (from.value >>> ((offset & 3) * 8)) & 255;
}

/** An array whose bytes are the shared ones: reading them in a row is one access for every four. */
function sharedArray(): Uint8Array {
  const from = { word: -1, value: 0 };
  return new Proxy(new Uint8Array(2 * PAYLOAD_BYTES), {
    get(target, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) {
        const offset = Number(name);
        if ((offset & 3) === 0) from.word = -1;
        return readByte(offset, from);
      }
      if (name === "length") return target.length;
      throw new Error(`an explored party uses ${String(name)} of the shared bytes`);
    },
  });
}

export class Bytes {
  readonly array = sharedArray();

  word(offset: number): number {
    return party().step("plain load", wordAt(offset)) >>> 0;
  }

  setWord(offset: number, value: number): void {
    party().step("plain store", wordAt(offset), value | 0);
  }

  /** Whole words only. */
  copyIn(offset: number, source: Uint8Array, from: number, to: number): void {
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    for (let at = from; at < to; at += 4) this.setWord(offset + at - from, view.getInt32(at, true));
  }

  copyOut(from: number, to: number, target: Uint8Array, offset: number): void {
    const cache = { word: -1, value: 0 };
    for (let at = from; at < to; at++) target[offset + at - from] = readByte(at, cache);
  }
}
