import type { Measured } from "./measure.js";
import { factor } from "./table.js";

/** A floor that the project set itself, and how far this run is from it. */
export interface Floor {
  floor: string;
  /** How many times as fast ours must be as what it is compared with. */
  wanted: number;
  measured: number | undefined;
  met: boolean | undefined;
  /** What was compared. */
  compared: string;
  /** The same ratio for our other modes, or against the peer's other modes. */
  others: Record<string, number>;
}

/** Which cells a floor compares. */
export interface Demand<Question> {
  floor: string;
  wanted: number;
  /** Whether a cell, of whatever peer, takes part. */
  concerns(question: Question): boolean;
  /** The modes of ours that count; the best of them is compared. */
  modes: readonly string[];
  peer: string;
  /** The modes of the peer that count; the best of them is compared. All when undefined. */
  peerModes?: readonly string[];
}

/** How peers appear in tables and floors when they are the project's own. */
export const ours = "interproc";

/**
 * States every floor with the ratio of this run: larger is better, and `wanted` or more is met. `speed` says how fast a
 * cell is: larger is faster, NaN for nothing measured.
 */
export function checkFloors<Question extends { mode: string }>(
  demands: readonly Demand<Question>[],
  measured: readonly Measured<Question>[],
  speed: (cell: Measured<Question>) => number,
): Floor[] {
  const fastest = (cells: readonly Measured<Question>[]): Measured<Question> | undefined =>
    [...cells].sort((a, b) => speed(b) - speed(a))[0];
  return demands.map(({ floor, wanted, concerns, modes, peer: name, peerModes }) => {
    const cells = measured.filter(({ question, median }) => median !== undefined && concerns(question));
    const own = cells.filter((cell) => cell.peer === ours);
    const theirs = cells.filter((cell) => cell.peer === name);
    const best = fastest(own.filter(({ question }) => modes.includes(question.mode)));
    const peer = fastest(theirs.filter(({ question }) => peerModes?.includes(question.mode) ?? true));
    const ratio = best && peer ? speed(best) / speed(peer) : undefined;
    const others: Record<string, number> = {};
    for (const cell of own) {
      if (peer && cell !== best) others[`${ours} ${cell.question.mode}`] = speed(cell) / speed(peer);
    }
    for (const cell of theirs) {
      if (best && cell !== peer) others[`against ${cell.question.mode}`] = speed(best) / speed(cell);
    }
    return {
      floor,
      wanted,
      measured: ratio,
      met: ratio === undefined ? undefined : ratio >= wanted,
      compared: `${ours} ${best?.question.mode ?? modes.join(" or ")} / ${name} ${peer?.question.mode ?? "-"}`,
      others,
    };
  });
}

/** The floors as lines of text. */
export function floorLines(floors: readonly Floor[]): string {
  return floors
    .map(({ floor, wanted, measured, met, compared, others }) => {
      const verdict = met === undefined ? "not measured" : met ? "met" : "NOT MET";
      const rest = Object.entries(others).map(([name, ratio]) => `${name} ${factor(ratio)}`);
      const detail = `${compared}${rest.length > 0 ? `; ${rest.join(", ")}` : ""}`;
      return `  ${verdict.padEnd(12)}  ${factor(measured).padStart(6)} of ${factor(wanted)}  ${floor}\n      ${detail}`;
    })
    .join("\n");
}
