import { Problem } from "./problem.js";

/** A whole number in the query, or what it is without. @throws Problem 400 */
export function queryNumber<D>(query: URLSearchParams, name: string, most: number, otherwise: D): number | D {
  const text = query.get(name);
  if (text === null) return otherwise;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= most))
    throw new Problem(400, `${name} is ${JSON.stringify(text)}; allowed: a whole number, 0 to ${most}`, {
      code: "ERR_INTERPROC_USAGE",
    });
  return number;
}
