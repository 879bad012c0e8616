import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Semaphore } from "../../index.js";
import { countWords } from "./count-words.js";
import { letterOf } from "./letters.js";
import { type Tally, tallyIndex } from "./tally.js";
import type { WordTable } from "./word-table.js";

/** What a file was when it was counted; a later count of the same bytes sees the same two numbers. */
export interface Version {
  readonly bytes: number;
  readonly modifiedAt: number;
}

/** A NUL in this many first bytes means that a file is not text: git's rule. */
const SNIFFED_BYTES = 8192;
const CHUNK_BYTES = 1024 * 1024;
/** Reused for each file; one more byte for the separator that ends a chunk. */
const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES + 1);

// not blocked by a FIFO that took a file's place, nor led elsewhere by a link that did
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Counts one file's words into `words` and its sums into `tally`, in memory that does not grow with the file. Reads as
 * many bytes as the file had when it was opened. Nothing is added for a file that is not text. Holds a permit of
 * `openFiles` while the file is open, and waits for one before.
 *
 * @throws the system's error when the file cannot be opened or read; what was counted before stays
 */
export function countFile(path: string, words: WordTable, tally: Tally, openFiles?: Semaphore): Version {
  using _permit = openFiles?.acquireSync();
  const fd = openSync(path, OPEN_FLAGS);
  try {
    const stat = fstatSync(fd);
    const version = { bytes: stat.size, modifiedAt: stat.mtimeMs };
    if (!stat.isFile()) throw Object.assign(new Error(`${path} is no regular file any more`), { code: "ENOENT" });
    let unread = stat.size;
    let kept = 0;
    let isFirst = true;
    while (unread > 0) {
      const got = readSync(fd, buffer, kept, Math.min(unread, CHUNK_BYTES - kept), null);
      if (got === 0) break; // it has become shorter
      if (isFirst && buffer.subarray(0, Math.min(got, SNIFFED_BYTES)).includes(0)) {
        tally[tallyIndex.binaries]++;
        return version;
      }
      isFirst = false;
      unread -= got;
      tally[tallyIndex.bytes] += got;
      kept = countChunk(kept + got, unread === 0, words, tally);
    }
    if (kept > 0) countWords(buffer, 0, kept, words, tally);
    tally[tallyIndex.files]++;
    return version;
  } finally {
    closeSync(fd);
  }
}

/** Counts up to the last byte that surely ends a word, moves the rest to the front and gives its length. */
function countChunk(filled: number, isLast: boolean, words: WordTable, tally: Tally): number {
  let end = filled;
  if (!isLast) while (end > 0 && letterOf[buffer[end - 1]] !== 0) end--;
  if (end === 0 && filled === CHUNK_BYTES) end = filled; // a word of a megabyte is cut
  if (end === 0) return filled;
  const next = buffer[end]; // where countWords puts its separator
  countWords(buffer, 0, end, words, tally);
  buffer[end] = next;
  return buffer.copy(buffer, 0, end, filled);
}
