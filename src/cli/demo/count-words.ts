import { BEYOND_ASCII, type CodePoint, kindOf, LETTER, letterOf, OTHER, readCodePoint } from "./letters.js";
import { LONGEST, type Tally, tallyIndex } from "./tally.js";
import { HASH_BASIS, hashOf, hashStep, type WordTable } from "./word-table.js";

/**
 * Counts the words of UTF-8 text in `bytes` from `start` to `end`. A word is a run of letters of any script, with the
 * marks on them; upper and lower case are the same. Works in place: `bytes` is in lower case afterwards, and `bytes[end]`
 * must be writable, for a separator is put there.
 */
export function countWords(bytes: Buffer, start: number, end: number, words: WordTable, tally: Tally): void {
  bytes[end] = 0;
  let i = start;
  while (i < end) {
    let letter = letterOf[bytes[i]];
    if (letter === 0) {
      i++;
      continue;
    }
    const from = i;
    let hash = HASH_BASIS;
    while (letter !== 0 && letter !== BEYOND_ASCII) {
      bytes[i] = letter;
      hash = hashStep(hash, letter);
      letter = letterOf[bytes[++i]];
    }
    if (letter === BEYOND_ASCII) {
      i = countAnyWord(bytes, from, end, words, tally);
    } else {
      words.add(bytes, from, i, hash, 1);
      note(tally, i - from);
    }
  }
}

const here: CodePoint = { value: 0, bytes: 0 };

/** The slow way, for a word with characters beyond ASCII: gives the position behind the word and what ended it. */
function countAnyWord(bytes: Buffer, from: number, end: number, words: WordTable, tally: Tally): number {
  let letters = 0;
  let i = from;
  for (; i < end; i += here.bytes) {
    readCodePoint(bytes, i, end, here);
    const kind = kindOf(here.value);
    if (kind === OTHER || (kind !== LETTER && letters === 0)) break;
    if (kind === LETTER) letters++;
  }
  if (letters > 0) {
    const word = Buffer.from(bytes.toString("utf8", from, i).toLowerCase());
    words.add(word, 0, word.length, hashOf(word, 0, word.length), 1);
    note(tally, letters);
  }
  return Math.min(end, i + here.bytes);
}

function note(tally: Tally, letters: number): void {
  tally[tallyIndex.words]++;
  tally[tallyIndex.firstLength - 1 + Math.min(letters, LONGEST)]++;
}
