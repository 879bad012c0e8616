import { waitersHead } from "#src/sync/waiters.layout.js";
import { MOST_PARTIES } from "./ground.js";

type Names = Readonly<Record<number, string>>;

/** What the words of an object are called in a trace. */
export const namesOf = {
  /** Those of a layout, from the word index `at` on. */
  words(at: number, words: Readonly<Record<string, number>>, what = ""): Names {
    return Object.fromEntries(Object.entries(words).map(([name, word]) => [at + word, `${what}${name}`]));
  },

  /** Those of a line of waiters. */
  line(at: number, what = ""): Names {
    const tickets = Array.from({ length: MOST_PARTIES }, (_, party) => [`ticket ${party}`, party] as const);
    return {
      ...namesOf.words(at + waitersHead.bytes / 4, Object.fromEntries(tickets), what),
      ...namesOf.words(at, waitersHead.word, what),
    };
  },

  /** Those of a row for each of the first attachments. */
  rows(
    at: number,
    row: { readonly bytes: number; readonly word: Readonly<Record<string, number>> },
    seats: number,
  ): Names {
    return Object.assign(
      {},
      ...Array.from({ length: seats }, (_, seat) =>
        namesOf.words(at + (seat * row.bytes) / 4, row.word, `row ${seat}'s `),
      ),
    );
  },
};
