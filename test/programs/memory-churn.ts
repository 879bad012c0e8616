// Makes, opens, leaves and (with "unlink") unnames objects of three names in turn: memory-churn ROUNDS SEED [unlink].
// Prints "begun", and at its end what it has seen.
import { join, leave, unlinkName } from "#src/memory/attachments.js";
import { openSegment, type Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { sweepOnce } from "#src/primitives/sweep.js";
import { isWhole, makeValue } from "../memory/make-value.js";
import { SeededRandom } from "../rings/seeded-random.js";

const [rounds, seed] = process.argv.slice(2).map(Number);
const unlinks = process.argv[4] === "unlink";
const random = new SeededRandom(seed);
const home = registry();
const held = new Map<string, { segment: Segment; index: number }>();
const seen = { made: 0, opened: 0, removed: 0, missed: 0, taken: 0, unnamed: 0 };
const isError = (error: unknown, code: string): boolean =>
  (error as { code?: string }).code === `ERR_INTERPROC_${code}`;

function open(name: string): boolean {
  const segment = openSegment(home, `${home.directory}/${name}`, "value", name);
  const index = join(segment);
  if (index < 0) {
    seen.removed++;
    segment.unmap();
    return false;
  }
  seen.opened++;
  if (!isWhole(segment)) throw new Error(`${name} is half made`);
  const found = segment.find();
  if (!found || (!unlinks && found.path !== `${home.directory}/${name}`)) throw new Error(`${name} has lost its file`);
  held.set(name, { segment, index });
  return true;
}

function take(name: string): boolean {
  try {
    return open(name);
  } catch (error) {
    if (!isError(error, "NOT_FOUND")) throw error;
    seen.missed++;
  }
  try {
    held.set(name, { segment: makeValue(home, { name, maxAttached: 8 }), index: 0 });
    seen.made++;
    return true;
  } catch (error) {
    if (!isError(error, "EXISTS")) throw error;
    seen.taken++;
    return false;
  }
}

function unname(segment: Segment): void {
  try {
    unlinkName(segment);
    seen.unnamed++;
  } catch (error) {
    if (!isError(error, "NOT_FOUND")) throw error;
  }
}

function step(name: string): void {
  const holding = held.get(name);
  if (!holding) return void take(name);
  if (!holding.segment.find()) throw new Error(`${name} lost its file while it was held`);
  if (unlinks && random.below(8) === 0) unname(holding.segment);
  leave(holding.segment, holding.index);
  holding.segment.unmap();
  held.delete(name);
}

let error: string | undefined;
let round = 0;
try {
  sweepOnce();
  console.log("begun");
  for (; round < rounds; round++) {
    step(random.pick(["a", "b", "c"]));
    if (round % 500 === 499) await new Promise(setImmediate); // mappings go between two turns of the loop
  }
  for (const { segment, index } of held.values()) leave(segment, index);
} catch (caught) {
  error = String((caught as Error).stack);
}
console.log(JSON.stringify({ ...seen, round, error }));
