import { UsageError } from "./errors.js";

/** A key is at most so long, in UTF-8. */
export const MOST_KEY_BYTES = 255;

/**
 * Makes the test whether a key matches a pattern. Both are words with dots between them; in a pattern `*` stands for
 * exactly one word and `#` for any number of them, none included. The empty key has no words. The idea, and every
 * corner of it, is that of AMQP's topic exchanges.
 *
 * @throws UsageError for a pattern that is too long, or in which `*` or `#` is only a part of a word
 */
export function keyPattern(pattern: string, operation: string): (key: string) => boolean {
  if (typeof pattern !== "string" || Buffer.byteLength(pattern) > MOST_KEY_BYTES)
    throw new UsageError(`${operation}: the pattern is ${describe(pattern)}; allowed: up to ${MOST_KEY_BYTES} bytes`);
  const wanted = wordsOf(pattern);
  for (const word of wanted)
    if (word.length > 1 && /[*#]/.test(word))
      throw new UsageError(
        `${operation}: the pattern ${JSON.stringify(pattern)} has the word ${JSON.stringify(word)}; ` +
          "allowed: * and # as whole words, between dots",
      );
  if (wanted.length === 1 && wanted[0] === "#") return () => true;
  if (!wanted.includes("*") && !wanted.includes("#")) return (key) => key === pattern;
  return (key) => matches(wanted, wordsOf(key));
}

/** The bytes of a key. @throws UsageError for one that is too long */
export function keyBytes(key: unknown, operation: string): Uint8Array {
  if (typeof key !== "string") throw new UsageError(`${operation}: key is ${describe(key)}; allowed: a string`);
  const bytes = Buffer.from(key);
  if (bytes.length > MOST_KEY_BYTES)
    throw new UsageError(`${operation}: the key has ${bytes.length} bytes; allowed: up to ${MOST_KEY_BYTES}`);
  return bytes;
}

const wordsOf = (text: string): string[] => (text === "" ? [] : text.split("."));

const describe = (value: unknown): string =>
  typeof value === "string" ? `a string of ${Buffer.byteLength(value)} bytes` : String(value);

/** Matches word by word; a `#` that took too few words so far is tried again with one more, the last one only. */
function matches(wanted: readonly string[], words: readonly string[]): boolean {
  let at = 0;
  let word = 0;
  let hash = -1;
  let hashWord = 0;
  while (word < words.length) {
    if (wanted[at] === "#") {
      hash = at++;
      hashWord = word;
    } else if (at < wanted.length && (wanted[at] === "*" || wanted[at] === words[word])) {
      at++;
      word++;
    } else if (hash >= 0) {
      at = hash + 1;
      word = ++hashWord;
    } else return false;
  }
  while (wanted[at] === "#") at++;
  return at === wanted.length;
}
