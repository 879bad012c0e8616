import type { Witness } from "./party.js";

/** A party that never was, by its notes, separated by commas: one each millisecond from `at` on. */
export function forgedParty(
  role: string,
  number: number,
  notes: string,
  { at = 0, killedAt }: { at?: number; killedAt?: number | undefined } = {},
): Witness {
  const history = notes.split(", ").map((note, i) => {
    const [what, ...about] = note.split(" ");
    return { at: at + i, what, about: about.map(Number) };
  });
  const job = { play: "", role, object: "", number, seed: 0, path: "", detail: {} };
  return { job, history, killedAt, endedAt: killedAt, begunAt: 0, stops: 0 };
}
