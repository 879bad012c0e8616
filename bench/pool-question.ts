/** What the programs of the pool benchmark are asked. */
export interface PoolQuestion {
  measure: "tasks" | "start";
  work: WorkName;
  /** How calls are made: "process, map, chunk 1". */
  mode: string;
  workers: (typeof workerCounts)[number];
  seconds: number;
}

export const workerCounts = [1, 2, 4] as const;

/** What each task does. */
export const works = {
  tiny: { label: "tiny tasks: the square of a number", bytes: undefined },
  busy: { label: "1 ms of computing", bytes: undefined },
  sleep: { label: "1 ms of sleep", bytes: undefined },
  "bytes-1m": { label: "1 MiB in and 1 MiB out", bytes: 1024 * 1024 },
} as const;

export type WorkName = keyof typeof works;

/** As many calls are under way at once, where a peer has no map: its users would call so many times and await them all. */
export const inFlight = (work: WorkName): number => (work === "bytes-1m" ? 8 : 256);

/** Python's own chunks: four for each worker. */
export const quarterChunk = (count: number, workers: number): number => Math.max(1, Math.ceil(count / (workers * 4)));
