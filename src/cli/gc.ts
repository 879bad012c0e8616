import { snapshot } from "../inspector/snapshot.js";
import type { ObjectView, Snapshot } from "../inspector/snapshot-model.js";
import { sweep } from "../primitives/sweep.js";
import { counted } from "./figures.js";
import { processText } from "./object-row.js";
import { printable } from "./printable.js";

export interface GcOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Stale {
  readonly objects: readonly ObjectView[];
  /** Killed threads whose places were not given back. */
  readonly killed: Snapshot["threads"];
}

/** Removes what killed processes left, or says what that would be. Gives the exit code. */
export function gc({ dryRun = false, json }: GcOptions): number {
  const before = snapshot();
  const stale: Stale = {
    objects: before.objects.filter(({ state }) => state === "left behind"),
    killed: before.threads.filter(({ isAlive }) => !isAlive),
  };
  // without a registry nobody was ever there, and it is not to be made for this
  if (!dryRun && before.threads.length + before.objects.length > 0) sweep(true);
  const left = dryRun ? stale.objects : remaining(stale);
  const removed = stale.objects.filter((object) => !left.includes(object));
  const damaged = before.objects.filter(({ state }) => state === "damaged");
  if (json) {
    const names = (objects: readonly ObjectView[]) => objects.map(({ id, type, name }) => ({ id, type, name }));
    const killed = stale.killed.map(({ pid, name, thread }) => ({ pid, name, thread }));
    const document = { dryRun, stale: names(stale.objects), removed: names(removed), damaged: names(damaged), killed };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else process.stdout.write(text(stale, removed, damaged, dryRun));
  return left.length === 0 || dryRun ? 0 : 1;
}

/** What is still there: somebody may have taken it up meanwhile. */
function remaining({ objects }: Stale): ObjectView[] {
  const after = new Map(snapshot().objects.map((object) => [object.id, object.state]));
  return objects.filter(({ id }) => after.get(id) === "left behind");
}

function text(
  { objects, killed }: Stale,
  removed: readonly ObjectView[],
  damaged: readonly ObjectView[],
  dryRun: boolean,
) {
  const label = ({ type, name, id }: ObjectView): string => `${type} ${name === undefined ? id : printable(name)}`;
  const lines = objects.map((object) => {
    const what = dryRun ? "would be removed" : removed.includes(object) ? "removed" : "could not be removed";
    return `${what}: ${label(object)}`;
  });
  for (const { pid, name } of killed) lines.push(`killed: ${processText(pid, name)}`);
  for (const object of damaged) lines.push(`left alone: ${printable(object.name ?? object.id)}, ${object.problem}`);
  const sum = `${counted(dryRun ? objects.length : removed.length, "object")} ${dryRun ? "to be removed" : "removed"}`;
  return `${[...lines, `${sum}, ${counted(killed.length, "killed thread")}`].join("\n")}\n`;
}
