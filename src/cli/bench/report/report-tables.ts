import { figureText } from "../figure-text.js";
import type { BenchResults, Cell } from "../results.js";
import { escaped } from "./escaped.js";

/** All figures as tables of HTML: for each length one row a mechanism, the best figure of each column marked. */
export function reportTables({ mechanisms, cells }: Pick<BenchResults, "mechanisms" | "cells">): string {
  const sizes = [...new Set(cells.map(({ bytes }) => bytes))].sort((a, b) => a - b);
  return sizes.map((bytes) => table(bytes)).join("\n");

  function table(bytes: number): string {
    const own = cells.filter((cell) => cell.bytes === bytes);
    const best = {
      p50: Math.min(...own.map(({ roundTrip }) => roundTrip?.p50Micros ?? Number.POSITIVE_INFINITY)),
      p99: Math.min(...own.map(({ roundTrip }) => roundTrip?.p99Micros ?? Number.POSITIVE_INFINITY)),
      rate: Math.max(...own.map(({ oneWay }) => oneWay?.messagesPerSecond ?? 0)),
    };
    const rows = own.map((cell) => row(cell, best));
    const what = bytes > 8 ? `Messages of ${figureText.bytes(bytes)}` : bytes === 0 ? "Signals" : "One number";
    const columns = ["Mechanism", "Round trip, p50", "p99", "Trips", "One way", "Bytes one way", "Lost"];
    const heads = columns.map((text) => `<th scope="col">${text}</th>`).join("");
    return (
      `<div class="scroll" role="region" aria-label="${what}" tabindex="0"><table><caption>${what}</caption><thead><tr>${heads}</tr></thead>` +
      `<tbody>${rows.join("")}</tbody></table></div>`
    );
  }

  function row(cell: Cell, best: { p50: number; p99: number; rate: number }): string {
    const { mechanism, roundTrip, oneWay, problem, bytes } = cell;
    const title = mechanisms.find(({ name }) => name === mechanism)?.title ?? mechanism;
    const head = `<th scope="row">${escaped(title)}</th>`;
    if (problem !== undefined) return `<tr>${head}<td class="text" colspan="6">${escaped(problem)}</td></tr>`;
    const figure = (value: number | undefined, text: (value: number) => string, top = Number.NaN): string =>
      `<td${value === top ? ' class="best"' : ""}>${value === undefined ? "–" : escaped(text(value))}</td>`;
    return (
      `<tr>${head}${figure(roundTrip?.p50Micros, figureText.micros, best.p50)}` +
      figure(roundTrip?.p99Micros, figureText.micros, best.p99) +
      figure(roundTrip?.trips, grouped) +
      figure(oneWay?.messagesPerSecond, figureText.rate, best.rate) +
      figure(bytes > 8 ? oneWay?.bytesPerSecond : undefined, figureText.throughput) +
      `${figure((roundTrip?.lost ?? 0) + (oneWay?.lost ?? 0), grouped)}</tr>`
    );
  }
}

const grouped = (count: number): string => count.toLocaleString("en");
