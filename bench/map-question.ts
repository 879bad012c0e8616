/** What the programs of the map benchmark are asked. */
export interface MapQuestion {
  measure: "reads" | "writes";
  value: "number" | "object";
  mode: string;
  /** How many processes use the map at once. */
  processes: (typeof processCounts)[number];
  seconds: number;
}

export const processCounts = [1, 2, 4] as const;

/** As many entries there are, all of them set before anything counts: every read finds its key. */
export const entryCount = 1000;

/** Where a mode has many requests under way, as many. */
export const requestsUnderWay = 64;
