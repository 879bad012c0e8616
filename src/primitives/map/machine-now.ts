/** A measurement in which nothing came between is exact to this; another one is made, but not for ever. */
const EXACT_MS = 0.01;
const MOST_TRIES = 100;

/**
 * How far this thread's clock is behind the machine's. Whatever comes between two looks at clocks (the first use of one, a
 * process that is stopped) would be an error for as long as the thread lives, and what it sets would be over too soon.
 */
function measureOffset(): number {
  let offset = 0;
  let width = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < MOST_TRIES && width > EXACT_MS; tries++) {
    const before = performance.now();
    const now = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before >= width) continue;
    width = after - before;
    offset = now - (before + after) / 2;
  }
  return offset;
}

const offset = measureOffset();

/** Milliseconds since boot, the same for all processes of a machine. */
export const machineNow = (): number => performance.now() + offset;
