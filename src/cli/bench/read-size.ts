import { Failure } from "../failure.js";

const MOST = 64 * 2 ** 20;
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 2 ** 20 };

/** Reads a message's length: `64`, `16k`, `1m` (of 1,024). @throws Failure */
export function readSize(text: string, least: number, what: string): number {
  const [, number, unit] = /^(\d{1,9})([km]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * UNITS[(unit ?? "").toLowerCase()];
  if (bytes >= least && bytes <= MOST) return bytes;
  throw new Failure(`${what} is ${JSON.stringify(text)}; allowed: ${least} to 64m bytes, such as 64, 16k or 1m`, 2);
}
