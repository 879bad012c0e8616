// Makes objects in a directory until its memory is used up, and says how that was.
import { readdirSync, statfsSync } from "node:fs";
import { leave } from "#src/memory/attachments.js";
import type { Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { makeValue } from "../memory/make-value.js";

const directory = process.env.INTERPROC_DIR as string;
const free = (): number => statfsSync(directory).bavail * statfsSync(directory).bsize;
const report: Record<string, unknown> = {};
const failure = (error: unknown): unknown => ({
  ...(error as object),
  message: (error as Error).message,
  retryable: (error as { retryable: boolean }).retryable,
});
const made: Segment[] = [];
try {
  const home = registry();
  try {
    for (;;) made.push(makeValue(home, { name: `filler ${made.length}`, block: 65_536 }));
  } catch (error) {
    Object.assign(report, { made: made.length, error: failure(error), free: free() });
  }
  try {
    makeValue(home, { block: 65_536 });
  } catch (error) {
    Object.assign(report, { again: failure(error), freeAgain: free(), names: readdirSync(directory).length });
  }
  leave(made[0], 0);
  made[0].unmap();
  report.afterwards = makeValue(home, { name: "fits", block: 65_536 }).name;
} catch (error) {
  Object.assign(report, { error: failure(error), free: free(), left: readdirSync(directory) });
}
console.log(JSON.stringify(report));
