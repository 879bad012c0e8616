import { figureText } from "../figure-text.js";
import type { BenchResults, Cell } from "../results.js";
import { barChart } from "./bar-chart.js";
import { escaped } from "./escaped.js";

/** Charts of HTML: for each length the round trips, the quickest first, and what goes through, the most first. */
export function reportCharts({ mechanisms, cells }: Pick<BenchResults, "mechanisms" | "cells">): string {
  const titles = new Map(mechanisms.map(({ name, title }) => [name, title]));
  const label = ({ mechanism }: Cell): string => titles.get(mechanism) ?? mechanism;
  const sizes = [...new Set(cells.filter(({ bytes }) => bytes > 8).map(({ bytes }) => bytes))].sort((a, b) => a - b);
  const figures = sizes.flatMap((bytes) => [roundTrips(bytes), oneWays(bytes)]);
  return figures.join("\n");

  function roundTrips(bytes: number): string {
    const bars = cells.flatMap((cell) => {
      if (cell.bytes !== bytes || !cell.roundTrip) return [];
      const { p50Micros, p99Micros } = cell.roundTrip;
      const text = `${figureText.micros(p50Micros)} / ${figureText.micros(p99Micros)}`;
      return [{ label: label(cell), value: p50Micros, tail: p99Micros, text }];
    });
    bars.sort((a, b) => a.value - b.value);
    return figure(
      `round-trip-${bytes}`,
      `Round trip of ${figureText.bytes(bytes)}`,
      "p50, line to p99; less is better",
      {
        bars,
        tick: (micros) => plain(figureText.micros(micros)),
      },
    );
  }

  function oneWays(bytes: number): string {
    const bars = cells.flatMap((cell) => {
      if (cell.bytes !== bytes || !cell.oneWay) return [];
      const { messagesPerSecond, bytesPerSecond } = cell.oneWay;
      const text = `${figureText.rate(messagesPerSecond)}, ${figureText.throughput(bytesPerSecond)}`;
      return [{ label: label(cell), value: messagesPerSecond, text }];
    });
    bars.sort((a, b) => b.value - a.value);
    return figure(`one-way-${bytes}`, `One way, ${figureText.bytes(bytes)}`, "messages a second; more is better", {
      bars,
      tick: (rate) => plain(figureText.rate(rate)),
    });
  }
}

function figure(
  id: string,
  title: string,
  how: string,
  { bars, tick }: Pick<Parameters<typeof barChart>[0], "bars" | "tick">,
): string {
  if (bars.length === 0) return "";
  const best = `${bars[0].label} ${bars[0].text}`;
  const description = `${title}, ${how}, on a logarithmic axis. Best: ${best}. All figures stand in the tables below.`;
  return (
    `<figure><figcaption>${escaped(title)} <small>(${escaped(how)})</small></figcaption>` +
    `${barChart({ id, title, description, bars, tick })}</figure>`
  );
}

/** A power of ten needs no digits behind its point. */
const plain = (text: string): string => text.replace(/\.0+(?=\D)/, "");
