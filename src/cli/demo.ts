import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { countAlone } from "./demo/alone.js";
import { compare } from "./demo/compare.js";
import { Crew } from "./demo/crew.js";
import { Progress } from "./demo/progress.js";
import { report } from "./demo/report.js";
import { type DemoResult, resultOf } from "./demo/result.js";
import { tallyIndex } from "./demo/tally.js";
import type { Total } from "./demo/total.js";
import { Failure } from "./failure.js";
import { counted } from "./figures.js";
import { interruptible } from "./interruption.js";
import { type Screen, screenOf } from "./screen.js";

const MOST_TRIES = 3;

export interface DemoOptions {
  /** How many workers. */
  readonly processes: number;
  /** Prints one JSON document and no report. */
  readonly json?: boolean;
}

/**
 * The main job: counts the words of all text files below a folder in worker processes, then in this one alone, and
 * compares. Gives the exit code: 0 when both have counted the same.
 */
export async function demo(folder: string | undefined, options: DemoOptions): Promise<number> {
  const root = checkFolder(folder ?? fileURLToPath(new URL("../..", import.meta.url)));
  const screen = screenOf(process.stderr);
  // where nobody watches, a JSON document is all there is
  const say = options.json && !screen.isTerminal ? () => undefined : (text: string) => process.stderr.write(text);
  const result = await interruptible((signal) =>
    countUntilComparable(root, options.processes, screen, say, signal),
  ).catch((error) => {
    if (screen.isTerminal) say("\n"); // what is said next is not to stand behind a progress bar
    throw error;
  });
  process.stdout.write(
    options.json ? `${JSON.stringify(result, null, 2)}\n` : report(result, screenOf(process.stdout)),
  );
  return result.comparison.equal ? 0 : 1;
}

function checkFolder(folder: string): string {
  const path = resolve(folder);
  try {
    if (statSync(path).isDirectory()) return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      code === "ENOENT" ? `there is no folder ${path}` : `the folder ${path} cannot be read: ${code}`,
      2,
    );
  }
  throw new Failure(`${path} is not a folder`, 2);
}

/** Files that change between the two runs make them differ: then both are run again, a few times. */
async function countUntilComparable(
  folder: string,
  processes: number,
  screen: Screen,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<DemoResult> {
  say(`Counting the words of the text files below ${folder}\n`);
  for (let tries = 1; ; tries++) {
    const result = await countTwice(folder, processes, screen, say, signal);
    const { changed } = result.comparison;
    if (changed.length === 0 || tries === MOST_TRIES) return result;
    say(`${counted(changed.length, "file")} changed between the two runs, such as ${changed[0]}: once more\n`);
  }
}

async function countTwice(
  folder: string,
  processes: number,
  screen: Screen,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<DemoResult> {
  const label = counted(processes, "worker");
  const {
    crew,
    firstAnswer,
    seconds: together,
  } = await countTogether(folder, processes, new Progress(label, screen, say), signal);
  const filesFound = crew.backlog.filesFound;
  const progress = new Progress("alone".padEnd(label.length), screen, say);
  const startedAt = performance.now();
  const standing = ({ filesDone, tally }: Total) => ({
    filesDone,
    filesFound: Math.max(filesFound, filesDone),
    isWalking: false,
    bytes: tally[tallyIndex.bytes],
  });
  const total = await countAlone(folder, (total) => progress.show(standing(total)), signal);
  const alone = secondsSince(startedAt);
  progress.end(standing(total));
  return resultOf(folder, processes, crew, total, compare(crew.total, total), { together, firstAnswer, alone });
}

async function countTogether(folder: string, processes: number, progress: Progress, signal: AbortSignal) {
  const startedAt = performance.now();
  let firstAnswer = 0;
  const standing = ({ total, backlog, messages }: Crew) => ({
    filesDone: total.filesDone,
    filesFound: backlog.filesFound,
    isWalking: !backlog.isWalked,
    bytes: total.tally[tallyIndex.bytes],
    messages,
  });
  const crew = new Crew(folder, processes, () => {
    if (firstAnswer === 0 && crew.total.filesDone > 0) firstAnswer = secondsSince(startedAt);
    progress.show(standing(crew));
  });
  await crew.run(signal);
  const seconds = secondsSince(startedAt);
  progress.end(standing(crew));
  return { crew, firstAnswer, seconds };
}

const secondsSince = (moment: number): number => (performance.now() - moment) / 1000;
