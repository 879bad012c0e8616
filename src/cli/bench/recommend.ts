import type { Reach, Traits } from "./mechanism.js";
import type { Needs } from "./needs.js";
import type { BenchResults, Cell } from "./results.js";

/** From this length on it matters more how much goes through than how soon one message is there. */
const LARGE = 64 * 1024;

/** A mechanism that fits, and the figures that say how well. */
export interface Advice {
  readonly mechanism: string;
  readonly title: string;
  /** Of which length the figures are: the needed one, or the next longer one that was measured, else the longest. */
  readonly bytes: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Whether it is as quick as was asked for; true when nothing was. */
  readonly isQuickEnough: boolean;
}

/** What fits the needs, the best first, and why the rest does not. */
export interface Recommendation {
  readonly needs: Needs;
  /** By what they are in order. */
  readonly by: "round trip" | "throughput";
  readonly order: readonly Advice[];
  readonly unfit: readonly { readonly mechanism: string; readonly why: string }[];
}

/** Weighs what was measured against what is needed: first what cannot do it goes, then figures decide. */
export function recommend(found: Pick<BenchResults, "mechanisms" | "cells">, needs: Needs): Recommendation {
  const by = needs.bytes < LARGE ? "round trip" : "throughput";
  const order: Advice[] = [];
  const unfit: { mechanism: string; why: string }[] = [];
  for (const traits of found.mechanisms) {
    const why = whyUnfit(traits, needs);
    const cell = why === undefined ? nearest(found.cells, traits.name, needs.bytes) : undefined;
    if (cell?.roundTrip && cell.oneWay) order.push(advice(traits, cell, needs));
    else unfit.push({ mechanism: traits.name, why: why ?? cell?.problem ?? "there are no figures of it" });
  }
  order.sort(
    (a, b) =>
      Number(b.isQuickEnough) - Number(a.isQuickEnough) ||
      (by === "round trip" ? a.p50Micros - b.p50Micros : b.bytesPerSecond - a.bytesPerSecond),
  );
  return { needs, by, order, unfit };
}

const WHOM: Readonly<Record<Reach, string>> = {
  thread: "another thread",
  machine: "another process of this machine",
  network: "another machine",
  browser: "a web page",
  python: "a Python program",
};

function whyUnfit(traits: Traits, needs: Needs): string | undefined {
  const { bytes } = needs;
  if (!traits.reach.includes(needs.reach)) return `it does not reach ${WHOM[needs.reach]}`;
  if (traits.carries === "nothing" && bytes > 0) return "it carries no message";
  if (traits.carries === "number" && bytes > 8) return "it carries one number";
  if (bytes > (traits.mostBytes ?? Number.POSITIVE_INFINITY))
    return `it carries at most ${traits.mostBytes?.toLocaleString("en")} bytes`;
  if (needs.durable && traits.survives !== "everyone") return "what was sent does not survive all processes";
  if (needs.many && !traits.hasManyTakers) return "it has one taker";
  if (traits.blocks && !needs.mayBlock) return "waiting blocks the thread (allowed with: blocking)";
  if (traits.losesMessages && !needs.mayLose) return "it may lose messages (allowed with: lossy)";
  return undefined;
}

/** What was found with messages of that length, or of the next longer one; else with the longest. It may be that it failed. */
function nearest(cells: readonly Cell[], mechanism: string, bytes: number): Cell | undefined {
  const own = cells.filter((cell) => cell.mechanism === mechanism).sort((a, b) => a.bytes - b.bytes);
  return own.find((cell) => cell.bytes >= bytes) ?? own.at(-1);
}

function advice({ name, title }: Traits, { bytes, roundTrip, oneWay }: Cell, { latencyMicros }: Needs): Advice {
  const { p50Micros = Number.NaN, p99Micros = Number.NaN } = roundTrip ?? {};
  const { messagesPerSecond = Number.NaN, bytesPerSecond = Number.NaN } = oneWay ?? {};
  const isQuickEnough = latencyMicros === undefined || p99Micros <= latencyMicros;
  return { mechanism: name, title, bytes, p50Micros, p99Micros, messagesPerSecond, bytesPerSecond, isQuickEnough };
}
