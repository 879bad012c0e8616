import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { sharedFiles } from "../processes/running.js";
import { FaultTally } from "./fault-tally.js";
import { descriptorsOfOurs, whenClosed } from "./own-descriptors.js";
import type { Housing, Party } from "./party.js";

export interface FaultOptions {
  readonly faults: number;
  readonly seed: number;
  /** How many objects at once; default 3. */
  readonly arenas?: number;
  /** Where the parties live, drawn by the seed; default processes and threads. */
  readonly housings?: readonly Housing[] | undefined;
  onFault?(done: number): void;
}

/** What all objects of a run have in common. */
export interface Shared {
  readonly tally: FaultTally;
  /** Whether there is one more fault to come. */
  readonly take: () => boolean;
  readonly housings: readonly Housing[];
  /** Where the histories are. */
  readonly folder: string;
  /** Their histories are not needed any more. */
  forget(parties: readonly Party[]): void;
}

const SWEEPING_MS = 5000;

/**
 * Runs `round` again and again, in several arenas at once, each time with another seed, until there were so many faults;
 * `beside` runs along once. Then no file and no descriptor may be left.
 */
export async function runFaults(
  name: string,
  { faults, seed, arenas = 3, housings = ["process", "thread"], onFault }: FaultOptions,
  round: (shared: Shared, seed: number) => Promise<void>,
  beside: (shared: Shared, seed: number) => Promise<void> = async () => undefined,
): Promise<FaultTally> {
  const tally = new FaultTally(name, seed);
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  let told = 0;
  const take = (): boolean => {
    if (tally.faults > told) {
      told = tally.faults;
      onFault?.(told);
    }
    return tally.faults < faults;
  };
  const forget = (parties: readonly Party[]): void => {
    if (tally.isClean) for (const { job } of parties) rmSync(job.path, { force: true });
  };
  const shared: Shared = { tally, take, housings, folder, forget };
  new Queue().close(); // from here on this process has what it needs itself
  const before = { files: sharedFiles(), descriptors: descriptorsOfOurs() };
  const work = async (arena: number): Promise<void> => {
    for (let number = 0; take(); number++) await round(shared, seed + Math.imul(arena * 1000 + number, 0x85eb_ca6b));
  };
  await Promise.all([...Array.from({ length: arenas }, (_, arena) => work(arena)), beside(shared, seed ^ 0x5eed)]);
  await whenSwept(
    (file) => !before.files.includes(file),
    (file) => tally.wrong("files left", file),
  );
  await whenClosed(before.descriptors, (opened) => tally.wrong("descriptors left", `in this process: ${opened}`));
  if (tally.isClean) rmSync(folder, { recursive: true });
  else tally.complaints.push(`the histories are in ${folder}`);
  return tally;
}

/** Tells of the files that are still there when everything was swept; another process may be sweeping, and be stopped. */
export async function whenSwept(isMeant: (file: string) => boolean, left: (file: string) => void): Promise<void> {
  const until = performance.now() + SWEEPING_MS;
  for (;;) {
    sweep();
    const files = sharedFiles().filter(isMeant);
    if (files.length === 0) return;
    if (performance.now() > until) return files.forEach(left);
    await sleep(20);
  }
}
