import { setTimeout as sleep } from "node:timers/promises";
import { type SharedArray, task } from "interproc";

/** How a call of the run in which threads end by themselves comes to its end. */
export const endings = ["answers", "exits at once", "exits late", "throws beside", "goes on for ever"] as const;
export type Ending = (typeof endings)[number];

/** What is drawn for a whole run. */
export interface ThreadRun {
  readonly seed: number;
  readonly givesUp: boolean;
}

/** What the attempt of this number at a call does. Calls that are given up go on for ever. */
export function endingOf(run: ThreadRun, id: number, attempt: number): Ending {
  if (isGivenUp(run, id)) return "goes on for ever";
  const draw = mixed(run.seed, id, attempt + 1) % 40;
  return draw < 3 ? endings[1 + draw] : "answers";
}

/** Which calls are given up by who asked. */
export const isGivenUp = ({ seed, givesUp }: ThreadRun, id: number): boolean =>
  givesUp && mixed(seed, id, 0) % 50 === 0;

function mixed(seed: number, id: number, attempt: number): number {
  let word =
    Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(id + 1, 0xc2b2_ae35) ^ Math.imul(attempt + 7, 0x27d4_eb2f);
  word = Math.imul(word ^ (word >>> 15), 0x2c1b_3c6d);
  word = Math.imul(word ^ (word >>> 12), 0x297a_2d39);
  return (word ^ (word >>> 15)) >>> 0;
}

let starts: SharedArray<"u32"> | undefined;
let ends: SharedArray<"u32"> | undefined;
let run: ThreadRun = { seed: 0, givesUp: false };

/** What each thread is told when it starts: where it counts how often each call was begun, and how threads ended. */
export const countInThread = task(
  import.meta,
  function countInThread(counters: SharedArray<"u32">, deaths: SharedArray<"u32">, which: ThreadRun) {
    [starts, ends, run] = [counters, deaths, which];
  },
);

/** Counts that it was begun, and then does what is drawn for this attempt: most often it answers what can be checked. */
export const endAtRandom = task(import.meta, async function endAtRandom(id: number) {
  const attempt = starts?.add(id, 1) ?? 0;
  const ending = endingOf(run, id, attempt);
  if (ending !== "answers") ends?.add(endings.indexOf(ending), 1);
  if (ending === "exits at once") process.exit(3);
  if (ending === "throws beside") setImmediate(throwBeside);
  if (ending === "goes on for ever" || ending === "throws beside") for (;;) await sleep(1000); // deaf to its signal
  if (id % 2 === 0) await sleep((id * 7919) % 4);
  if (ending === "exits late") process.exit(4);
  return id * 3 + 1;
});

function throwBeside(): void {
  throw new Error("beside the task");
}
