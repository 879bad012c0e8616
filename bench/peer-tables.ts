import { type Measured, spreadText } from "./measure.js";
import { megabytesPerSecond } from "./report.js";
import { microsText, rate, table } from "./table.js";

type Asked = { readonly mode: string };

/** The columns at the right, that compare ours with each row. */
export interface Ratios<Question extends Asked> {
  readonly header: readonly string[];
  of(row: Measured<Question>): readonly string[];
}

/** How many messages a second each peer and mode brings across; empty without rows. */
export function throughputTable<Question extends Asked>(
  title: string,
  rows: readonly Measured<Question>[],
  bytes: number | undefined,
  ratios: Ratios<Question>,
): string {
  return peerTable(title, rows, ["messages/s", "MB/s"], "messagesPerSecond", ratios, ({ messagesPerSecond }) => [
    messagesPerSecond === undefined ? "-" : rate(messagesPerSecond),
    megabytesPerSecond(messagesPerSecond, bytes)?.toFixed(0) ?? "-",
  ]);
}

/** How long each peer and mode takes for a round; empty without rows. */
export function latencyTable<Question extends Asked>(
  title: string,
  rows: readonly Measured<Question>[],
  ratios: Ratios<Question>,
): string {
  return peerTable(title, rows, ["p50 µs", "p99 µs"], "p50Micros", ratios, ({ p50Micros, p99Micros }) => [
    microsText(p50Micros),
    microsText(p99Micros),
  ]);
}

/** Each row with some of its figures, how far the runs of one of them lie apart, and ratios; empty without rows. */
export function peerTable<Question extends Asked>(
  title: string,
  rows: readonly Measured<Question>[],
  header: readonly string[],
  spreadOf: string,
  ratios: Ratios<Question>,
  figuresOf: (median: Record<string, number | undefined>) => readonly string[],
): string {
  if (rows.length === 0) return "";
  const lines = rows.map((row) => [
    row.peer,
    row.question.mode,
    ...figuresOf(row.median ?? {}),
    spreadText(row, spreadOf),
    ...ratios.of(row),
  ]);
  return `${title}\n${table(["peer", "mode", ...header, "spread", ...ratios.header], lines, 2)}`;
}
