import { counted, grouped } from "../figures.js";
import type { Screen } from "../screen.js";
import type { DemoResult } from "./result.js";

const BAR_WIDTH = 40;
/** Files that could not be read are named up to this many. */
const MOST_NAMED = 5;

/** A result in words: tables that read well in a terminal and in a file. */
export function report(result: DemoResult, screen: Screen): string {
  const { bold } = screen.colors;
  const charts = [
    bold("The most frequent words"),
    ...chart(
      result.top.map(({ word, count }) => [word, count]),
      screen,
    ),
    "",
    bold("Words by their number of letters"),
    ...chart(histogram(result.lengths), screen),
    "",
  ];
  const lines = [
    "",
    ...(result.words > 0 ? charts : [`No words below ${result.folder}`]),
    ...comparisonTable(result, screen),
    ...remarks(result, screen),
    "",
    verdict(result, screen),
  ];
  return `${lines.join("\n")}\n`;
}

function histogram(lengths: readonly number[]): [string, number][] {
  const last = lengths.length;
  const used = lengths.slice(0, lengths.findLastIndex((words) => words > 0) + 1);
  return used.map((words, index) => [index + 1 === last ? `${last}+` : String(index + 1), words]);
}

function chart(rows: [string, number][], { colors, bar }: Screen): string[] {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const labelWidth = Math.max(4, ...rows.map(([label]) => label.length));
  const countWidth = Math.max(6, ...rows.map(([, count]) => grouped(count).length));
  return rows.map(([label, count]) =>
    `  ${label.padStart(labelWidth)}  ${grouped(count).padStart(countWidth)}  ${colors.cyan(bar(count / most, BAR_WIDTH))}`.trimEnd(),
  );
}

function comparisonTable(result: DemoResult, { colors }: Screen): string[] {
  const { together, alone } = result;
  const rows: [string, string, string][] = [
    ["", counted(result.processes, "worker"), "this process alone"],
    ["seconds", together.seconds.toFixed(2), alone.seconds.toFixed(2)],
    ["until the first answer", together.firstAnswerSeconds.toFixed(2), ""],
    ["MB/s", together.megabytesPerSecond.toFixed(1), alone.megabytesPerSecond.toFixed(1)],
    ["MB/s once started", together.startedMegabytesPerSecond.toFixed(1), ""],
    ["messages", grouped(together.messages), ""],
    ["messages/s", grouped(together.messagesPerSecond), ""],
  ];
  const table = rows.map(([what, first, second], index) => {
    const line = `  ${what.padEnd(24)}${first.padStart(14)}${second.padStart(20)}`.trimEnd();
    return index === 0 ? colors.dim(line) : line;
  });
  const sums = [
    counted(result.files, "text file"),
    `${grouped(result.bytes)} bytes`,
    counted(result.words, "word"),
    `${grouped(result.differentWords)} different`,
  ];
  return [colors.bold(sums.join(", ")), ...table];
}

function remarks(
  { binaryFiles, symbolicLinks, specialFiles, unreadable, together }: DemoResult,
  screen: Screen,
): string[] {
  const { yellow } = screen.colors;
  const lines: string[] = [];
  const left = (
    [
      [binaryFiles, "binary file"],
      [symbolicLinks, "symbolic link"],
      [specialFiles, "special file"],
    ] as const
  )
    .filter(([count]) => count > 0)
    .map(([count, noun]) => counted(count, noun));
  if (left.length > 0) lines.push(`  not counted: ${left.join(", ")}`);
  if (unreadable.length > 0) {
    const named = unreadable.slice(0, MOST_NAMED).map(({ path, code }) => `${path} (${code})`);
    const more = unreadable.length > MOST_NAMED ? ` and ${grouped(unreadable.length - MOST_NAMED)} more` : "";
    lines.push(yellow(`  not readable: ${named.join(", ")}${more}`));
  }
  for (const { pid, signal, code } of together.lost)
    lines.push(yellow(`  worker ${pid} was lost (${signal ?? `exit code ${code}`})`));
  if (together.redelivered > 0) {
    const batches = together.redelivered === 1 ? "1 batch was" : `${grouped(together.redelivered)} batches were`;
    lines.push(yellow(`  ${batches} given to another worker`));
  }
  return lines;
}

function verdict({ comparison, speedup }: DemoResult, { colors }: Screen): string {
  const { equal, differences, changed } = comparison;
  if (equal)
    return `${colors.green("equal")}: both runs counted each word and each length the same number of times; speed-up ${speedup.toFixed(2)}`;
  const shown = differences.slice(0, MOST_NAMED).map((line) => `  ${line}`);
  const why =
    changed.length > 0
      ? `  ${counted(changed.length, "file")} changed between the two runs (${changed.slice(0, MOST_NAMED).join(", ")}): run it again`
      : "  and no file has changed in between: this is a defect in interproc";
  return [colors.red("not equal:"), ...shown, why].join("\n");
}
