import { attachmentEntry } from "#src/memory/object.layout.js";
import { ownerWord } from "#src/memory/owner.js";

/*
 * Where what lies in the memory of an explored run: first what every thread has (its parker word, its note of the last
 * death), then the object: bitmap of waiting attachments and body. Behind these, words that are never a step because
 * nobody's course depends on them: who is attached never changes here, and what the inspector shows is nobody's matter.
 */

export const MOST_PARTIES = 4;
export const parkerWord = (party: number): number => party;
export const deathWord = (party: number): number => MOST_PARTIES + party;
export const WAITING = 2 * MOST_PARTIES;
/** Word index of the object's body: a multiple of 2, since formats are aligned to 8 bytes. */
export const BODY = WAITING + 2;

/** Word index at which payload bytes lie. */
export const PAYLOAD = 1024;

export const ENTRIES = 4096;
const ENTRY_WORDS = attachmentEntry.bytes / 4;
export const entryWord = (index: number): number => ENTRIES + index * ENTRY_WORDS;

/** Entries that change hands: their owner words are memory like any other, and 0 at first. */
const CHANGING_ENTRIES = 2048;
export const changingEntry = (index: number): number => CHANGING_ENTRIES + index * ENTRY_WORDS;
/** Bytes of control memory that a party's own statistics (f64, never read by others) may lie in. */
export const CONTROL_BYTES = 4 * (ENTRIES + MOST_PARTIES * ENTRY_WORDS);

/** A party's owner word: slot 1 and up, generation 1. */
export const ownerOf = (party: number): number => ownerWord(party + 1, 1);
export const partyOf = (owner: number): number => (owner & 0xfff) - 1;

/** Somebody who was killed before the run, and whose slot in the registry is another's by now. */
export const LONG_DEAD = ownerOf(MOST_PARTIES);

/** Whether to use a word is a step. */
export function isStep(index: number): boolean {
  if (index >= ENTRIES) return false;
  return index < CHANGING_ENTRIES || (index - CHANGING_ENTRIES) % ENTRY_WORDS === attachmentEntry.word.owner;
}

/** What stands in a word that is never a step. */
export function fixedWord(index: number, owners: readonly number[]): number {
  const at = index - ENTRIES;
  return at % ENTRY_WORDS === attachmentEntry.word.owner ? (owners[Math.floor(at / ENTRY_WORDS)] ?? 0) : 0;
}
