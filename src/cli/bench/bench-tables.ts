import { textTable } from "../text-table.js";
import { figureText } from "./figure-text.js";
import type { Traits } from "./mechanism.js";
import type { BenchResults, Cell } from "./results.js";

const NONE = "-";

/** The figures as lines: a table of round trips and one of throughput, and what carries no messages below. */
export function benchTables({ mechanisms, cells }: Pick<BenchResults, "mechanisms" | "cells">): string[] {
  const carriers = mechanisms.filter(
    ({ name, carries }) => carries === "messages" && cells.some((cell) => cell.mechanism === name),
  );
  const signals = mechanisms.filter(({ carries }) => carries !== "messages");
  const sizes = [...new Set(cells.filter((cell) => isOf(carriers, cell)).map(({ bytes }) => bytes))].sort(
    (a, b) => a - b,
  );
  const table = (title: string, text: (cell: Cell) => string): string[] => {
    if (carriers.length === 0) return [];
    const rows = carriers.map(({ name, title }) => [
      title,
      ...sizes.map((bytes) => {
        const cell = cells.find((one) => one.mechanism === name && one.bytes === bytes);
        return cell ? text(cell) : NONE;
      }),
    ]);
    const heading = [title, ...sizes.map(figureText.bytes)];
    return [...textTable(heading, rows, new Set(sizes.map((_, index) => index + 1))), ""];
  };
  return [
    ...table("round trip, p50 / p99", (cell) => roundTripText(cell)),
    ...table("one way, messages a second", (cell) => rateText(cell)),
    ...table("one way, bytes a second", ({ oneWay }) => (oneWay ? figureText.throughput(oneWay.bytesPerSecond) : NONE)),
    ...signalTable(signals, cells),
  ];
}

function signalTable(signals: readonly Traits[], cells: readonly Cell[]): string[] {
  const rows = signals.flatMap(({ name, title }) =>
    cells.filter((cell) => cell.mechanism === name).map((cell) => [title, roundTripText(cell), rateText(cell)]),
  );
  if (rows.length === 0) return [];
  const heading = ["without messages", "there and back, p50 / p99", "both at once, operations a second"];
  return [...textTable(heading, rows, new Set([1, 2])), ""];
}

function roundTripText({ roundTrip }: Cell): string {
  if (!roundTrip) return NONE;
  const lost = roundTrip.lost > 0 ? `, ${roundTrip.lost} lost` : "";
  return `${figureText.micros(roundTrip.p50Micros)} / ${figureText.micros(roundTrip.p99Micros)}${lost}`;
}

function rateText({ oneWay }: Cell): string {
  if (!oneWay) return NONE;
  const lost = oneWay.lost > 0 ? `, ${((100 * oneWay.lost) / (oneWay.messages + oneWay.lost)).toFixed(1)} % lost` : "";
  return `${figureText.rate(oneWay.messagesPerSecond)}${lost}`;
}

const isOf = (some: readonly Traits[], cell: Cell): boolean => some.some(({ name }) => name === cell.mechanism);
