import type { Wire } from "./mechanism.js";
import type { Pace } from "./pace.js";
import { rankOf } from "./rank-of.js";
import type { OneWay } from "./results.js";
import { rounded } from "./rounded.js";

/** A flood of the warm-up has at most so many times the messages of the one before. */
const GROWTH = 8;
/** More messages than any mechanism moves in a slice. */
const MOST = 100_000_000;

/** Floods that grow until one lasts about a slice; then slices of that many messages, and the median of their rates. */
export async function measureOneWay(wire: Wire, bytes: number, pace: Pace): Promise<OneWay> {
  const wanted = pace.sliceSeconds;
  let count = 1;
  for (;;) {
    const { seconds } = await flood(wire, bytes, count, pace);
    if (seconds >= wanted / 2 || count >= MOST) {
      count = sized((count / seconds) * wanted);
      break;
    }
    count = sized(count * Math.min(GROWTH, Math.max(1.5, (1.2 * wanted) / seconds)));
  }
  const rates: number[] = [];
  let [messages, lost] = [0, 0];
  for (let index = 0; index < pace.slices; index++) {
    const { arrived, seconds } = await flood(wire, bytes, count, pace);
    rates.push(arrived / seconds);
    messages += arrived;
    lost += Math.max(0, count - arrived);
  }
  const messagesPerSecond = rounded(rankOf(rates, 0.5));
  return { messagesPerSecond, bytesPerSecond: messagesPerSecond * bytes, messages, lost, slices: rates.map(rounded) };
}

async function flood(
  wire: Wire,
  bytes: number,
  count: number,
  pace: Pace,
): Promise<{ arrived: number; seconds: number }> {
  const from = performance.now();
  const arrived = await wire.flood(bytes, count);
  const seconds = (performance.now() - from) / 1000;
  await pace.pause();
  return { arrived, seconds };
}

const sized = (count: number): number => Math.max(1, Math.min(MOST, Math.round(count)));
