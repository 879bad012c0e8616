import type { WorkName } from "./pool-question.js";

type Item = number | Uint8Array;

const mebibyte = 1024 * 1024;

/** The tasks, as plain functions; each peer has its own way to name them to its workers. */
export const poolWork = {
  tiny: (n: number): number => n * n,

  busy(n: number): number {
    const end = performance.now() + 1;
    while (performance.now() < end);
    return n * n;
  },

  sleep: (n: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(n * n), 1)),

  /** Changes one byte, so that what comes back has been there. */
  "bytes-1m"(bytes: Uint8Array): Uint8Array {
    bytes[0]++;
    return bytes;
  },
};

/** The input of `count` calls. Bytes are of two blocks in turn, of which every peer sends copies. */
export function itemsOf(work: WorkName, count: number): Item[] {
  if (work !== "bytes-1m") return Array.from({ length: count }, (_, index) => index & 1023);
  const blocks = [1, 2].map((first) => new Uint8Array(mebibyte).fill(7).fill(first, 0, 1));
  return Array.from({ length: count }, (_, index) => blocks[index & 1]);
}

/** @throws Error unless this is what the call for that item must give */
export function checkResult(work: WorkName, index: number, result: unknown): void {
  if (work !== "bytes-1m") {
    if (result === (index & 1023) ** 2) return;
  } else if (result instanceof Uint8Array && result.length === mebibyte) {
    if (result[0] === (index & 1) + 2 && result[mebibyte - 1] === 7) return;
  }
  throw new Error(`call ${index} of ${work} gave ${result instanceof Uint8Array ? `${result.length} bytes` : result}`);
}
