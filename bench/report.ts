import type { BenchReport } from "./bench.js";
import { type Floor, floorLines } from "./floors.js";
import { type Measured, problemLines } from "./measure.js";

/** What a bench has found out. */
export interface Findings<Question extends object> {
  readonly rows: readonly Measured<Question>[];
  /** Empty text where nothing was measured. */
  readonly tables: readonly string[];
  readonly notes: readonly string[];
  readonly floors?: readonly Floor[];
  /** Figures across several rows, for programs. */
  readonly ratios?: readonly Record<string, unknown>[];
  /** Why something could not be measured at all, beside what the rows say of themselves. */
  readonly problems?: readonly (string | undefined)[];
  /** The size of a message, where messages a second are also megabytes a second. */
  bytesOf?(question: Question): number | undefined;
}

/** The report of a bench: its tables with their notes, and the same as data. */
export function report<Question extends object>(findings: Findings<Question>): BenchReport {
  const { rows, tables, notes, floors, ratios, problems: others = [] } = findings;
  const problems = [...others.filter((one) => one !== undefined).map((one) => `- ${one}`), ...problemLines(rows)];
  const sections = [
    ...tables,
    `notes\n${indented(notes)}`,
    problems.length > 0 ? `not measured\n${indented(problems)}` : "",
    floors === undefined ? "" : `floors\n${floorLines(floors)}`,
  ];
  return {
    text: sections.filter((section) => section !== "").join("\n\n"),
    data: { cells: rows.map((row) => asData(row, findings.bytesOf?.(row.question))), floors, ratios, problems },
  };
}

/** Megabytes a second, where it is known how many messages and of how many bytes. */
export function megabytesPerSecond(
  messagesPerSecond: number | undefined,
  bytes: number | undefined,
): number | undefined {
  return messagesPerSecond === undefined || bytes === undefined ? undefined : (messagesPerSecond * bytes) / 1e6;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}

function asData<Question extends object>(
  { peer, question, median, spread, runs, problem }: Measured<Question>,
  bytes: number | undefined,
): Record<string, unknown> {
  return {
    peer,
    ...question,
    median: median ?? null,
    megabytesPerSecond: megabytesPerSecond(median?.messagesPerSecond, bytes),
    spread,
    runs,
    problem,
  };
}
