import type { Wire } from "./mechanism.js";
import type { Pace } from "./pace.js";
import { rankOf } from "./rank-of.js";
import type { RoundTrip } from "./results.js";
import { rounded } from "./rounded.js";

/** So many trips are made before any counts, unless they take several slices. */
const WARM_TRIPS = 200;
const WARM_SLICES = 4;
/** A slice ends with so many samples at the latest. */
const MOST_SAMPLES = 500_000;

/** One after another, each timed on its own: after a warm-up, slices of a fixed time, and the medians over them. */
export async function measureRoundTrips(wire: Wire, bytes: number, pace: Pace): Promise<RoundTrip> {
  const sliceMs = pace.sliceSeconds * 1000;
  const warmFrom = performance.now();
  for (let trips = 0; ; ) {
    trips += (await slice(wire, bytes, sliceMs)).micros.length;
    await pace.pause();
    if (trips >= WARM_TRIPS || performance.now() - warmFrom > WARM_SLICES * sliceMs) break;
  }
  const [middles, tails]: [number[], number[]] = [[], []];
  let [trips, lost] = [0, 0];
  for (let index = 0; index < pace.slices; index++) {
    const found = await slice(wire, bytes, sliceMs);
    await pace.pause();
    trips += found.micros.length + found.lost;
    lost += found.lost;
    if (found.micros.length === 0) continue;
    middles.push(rankOf(found.micros, 0.5));
    tails.push(rankOf(found.micros, 0.99));
  }
  if (middles.length === 0) throw new Error(`none of ${trips} messages was answered`);
  return {
    p50Micros: rounded(rankOf(middles, 0.5)),
    p99Micros: rounded(rankOf(tails, 0.5)),
    trips,
    lost,
    slices: middles.map(rounded),
  };
}

async function slice(wire: Wire, bytes: number, ms: number): Promise<{ micros: number[]; lost: number }> {
  const micros: number[] = [];
  const end = performance.now() + ms;
  let lost = 0;
  for (let from = performance.now(); ; ) {
    const answered = wire.trip(bytes);
    // what blocks has answered already: a promise would be measured along
    const isAnswered = typeof answered === "boolean" ? answered : await answered;
    const now = performance.now();
    if (isAnswered) micros.push((now - from) * 1000);
    else lost++;
    if (now >= end || micros.length >= MOST_SAMPLES) return { micros, lost };
    from = performance.now();
  }
}
