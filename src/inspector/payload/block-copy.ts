import { BLOCK } from "../../rings/item-store.layout.js";
import { Damaged, type ObjectFile } from "../object-file.js";
import { PAYLOAD_LIMITS } from "./payload.js";

/**
 * The first bytes of what begins in a block and goes on along its chain. `links`: byte offset in the body of the words that
 * say which block follows. What is read may belong to somebody else meanwhile: whoever asks looks again afterwards.
 */
export function blockCopy(file: ObjectFile, links: number, first: number, length: number): Uint8Array {
  const blocks = Math.floor(file.dataBytes / BLOCK);
  if (!(length >= 0 && length <= blocks * BLOCK)) throw new Damaged(`something in it says that it has ${length} bytes`);
  const copy = new Uint8Array(Math.min(length, PAYLOAD_LIMITS.bytes));
  let block = first;
  for (let at = 0; at < copy.length; at += BLOCK) {
    if (!(block >= 0 && block < blocks)) throw new Damaged(`a chain in it leads to block ${block} of ${blocks}`);
    copy.set(file.fresh(file.dataOffset + block * BLOCK, Math.min(BLOCK, copy.length - at)), at);
    if (at + BLOCK < copy.length) block = file.freshBody(links + block * 4, 4).readInt32LE(0) - 1;
  }
  return copy;
}
