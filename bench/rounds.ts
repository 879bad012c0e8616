import { percentile } from "./statistics.js";

/** So many round trips are made before some count, unless these alone take several times as long as they should. */
const warmTrips = 1000;

/** At most so many rounds are made to see whether they still get faster. */
const mostWarmRounds = 12;

/** The figures of one measurement by name; their unit is in the name. */
export type Figures = Record<string, number>;

/** Before anything counts, rounds grow until one lasts this long, and then go on while they get faster. */
const warmSeconds = (seconds: number): number => Math.max(0.1, seconds / 4);

/**
 * One-way throughput: `round(count)` sends that many messages, waits for the receiver's acknowledgement, checks it and
 * returns the seconds from the first send to the acknowledgement.
 */
export async function measureOneWay(seconds: number, round: (count: number) => Promise<number>): Promise<Figures> {
  await round(1); // waits for the other process to start
  let count = 1;
  let took = await round(count);
  while (took < warmSeconds(seconds)) {
    count = Math.ceil(count * Math.min(8, Math.max(1.5, (1.2 * warmSeconds(seconds)) / took)));
    took = await round(count);
  }
  const rate = await steadyRate(warmSeconds(seconds), count / took, round);
  count = Math.max(1, Math.round(rate * seconds));
  took = await round(count);
  return { messagesPerSecond: count / took, messages: count, seconds: took };
}

/**
 * Makes rounds of about so many seconds for as long as they get faster, and gives the best rate: processes that have just
 * started compile what they run, and of four workers on two processors each gets to it late.
 */
async function steadyRate(seconds: number, first: number, round: (count: number) => Promise<number>): Promise<number> {
  let best = first;
  for (let made = 0, vain = 0; made < mostWarmRounds && vain < 2; made++) {
    const count = Math.max(1, Math.round(best * seconds));
    const rate = count / (await round(count));
    vain = rate < best * 1.1 ? vain + 1 : 0;
    best = Math.max(best, rate);
  }
  return best;
}

/**
 * Round trips: `trips(micros)` makes one after another and writes the duration of each in microseconds. Every one is
 * timed on its own, which adds the cost of reading the clock (some tens of nanoseconds).
 */
export async function measureRoundTrips(
  seconds: number,
  trips: (micros: Float64Array<ArrayBuffer>) => Promise<void>,
): Promise<Figures> {
  const timed = async (count: number): Promise<{ micros: Float64Array<ArrayBuffer>; took: number }> => {
    const micros = new Float64Array(count);
    const start = performance.now();
    await trips(micros);
    return { micros, took: (performance.now() - start) / 1000 };
  };
  await timed(1); // waits for the other process to start
  let count = 8;
  let { micros, took } = await timed(count);
  // a few long trips of a busy machine's first moments warm nothing
  while (took < warmSeconds(seconds) || (count < warmTrips && took < 8 * warmSeconds(seconds))) {
    count = Math.ceil(count * Math.min(8, Math.max(1.5, (1.2 * warmSeconds(seconds)) / took)));
    took = (await timed(count)).took;
  }
  count = Math.min(2_000_000, Math.max(10, Math.round((count / took) * seconds)));
  ({ micros, took } = await timed(count));
  micros.sort();
  return { p50Micros: percentile(micros, 50), p99Micros: percentile(micros, 99), trips: count, seconds: took };
}
