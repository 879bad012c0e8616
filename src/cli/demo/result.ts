import { rate } from "../figures.js";
import type { Comparison } from "./compare.js";
import type { Crew, LostWorker } from "./crew.js";
import { lengthsOf, type Tally, tallyIndex } from "./tally.js";
import type { Total } from "./total.js";
import type { Unreadable } from "./walk.js";

/** What `demo --json` prints, and what its report is made of. Times are seconds, a megabyte is 10^6 bytes. */
export interface DemoResult {
  readonly folder: string;
  readonly processes: number;
  readonly files: number;
  readonly binaryFiles: number;
  readonly bytes: number;
  readonly words: number;
  readonly differentWords: number;
  readonly symbolicLinks: number;
  /** Devices, sockets and FIFOs. */
  readonly specialFiles: number;
  readonly unreadable: readonly Unreadable[];
  readonly top: readonly { word: string; count: number }[];
  /** How many words have 1, 2, … letters; the last one also counts those that have more. */
  readonly lengths: readonly number[];
  readonly together: {
    readonly seconds: number;
    /** Until the first worker had started and answered. */
    readonly firstAnswerSeconds: number;
    readonly megabytesPerSecond: number;
    /** The same from the first answer on. */
    readonly startedMegabytesPerSecond: number;
    readonly messages: number;
    readonly messagesPerSecond: number;
    readonly lost: readonly LostWorker[];
    /** Batches that were given to another worker because the one that had taken them ended. */
    readonly redelivered: number;
  };
  readonly alone: { readonly seconds: number; readonly megabytesPerSecond: number };
  readonly speedup: number;
  readonly comparison: Comparison;
}

/** How long each of the two runs took. */
export interface Times {
  readonly together: number;
  readonly firstAnswer: number;
  readonly alone: number;
}

const TOP_WORDS = 10;

export function resultOf(
  folder: string,
  processes: number,
  crew: Crew,
  alone: Total,
  comparison: Comparison,
  times: Times,
): DemoResult {
  const { tally, words } = crew.total;
  const { links, specials, unreadable } = crew.backlog.passed;
  const speed = (from: Tally, seconds: number): number => rate(from[tallyIndex.bytes] / 1e6, seconds);
  return {
    folder,
    processes,
    files: tally[tallyIndex.files],
    binaryFiles: tally[tallyIndex.binaries],
    bytes: tally[tallyIndex.bytes],
    words: tally[tallyIndex.words],
    differentWords: words.size,
    symbolicLinks: links,
    specialFiles: specials,
    unreadable: [...unreadable, ...crew.total.unreadable],
    top: words.top(TOP_WORDS),
    lengths: lengthsOf(tally),
    together: {
      seconds: times.together,
      firstAnswerSeconds: times.firstAnswer,
      megabytesPerSecond: speed(tally, times.together),
      startedMegabytesPerSecond: speed(tally, times.together - times.firstAnswer),
      messages: crew.messages,
      messagesPerSecond: rate(crew.messages, times.together),
      lost: crew.lost,
      redelivered: crew.redelivered,
    },
    alone: { seconds: times.alone, megabytesPerSecond: speed(alone.tally, times.alone) },
    speedup: rate(times.alone, times.together),
    comparison,
  };
}
