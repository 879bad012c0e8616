import { snapshot } from "../inspector/snapshot.js";
import type { Snapshot } from "../inspector/snapshot-model.js";
import { counted } from "./figures.js";
import { objectRow } from "./object-row.js";
import { printable } from "./printable.js";
import { screenOf } from "./screen.js";
import { textTable } from "./text-table.js";

export interface LsOptions {
  readonly json?: boolean;
  /** Only objects that have a name. */
  readonly named?: boolean;
  /** Only the names, one a line: for shells to complete. */
  readonly names?: boolean;
}

const NUMBERS = new Set([3, 4, 6, 8]);
/** Name, processes and owner: what may be long. */
const TEXTS = [1, 5, 7];

/** Lists every object of this user. Gives the exit code. */
export function ls(options: LsOptions): number {
  const shot = snapshot();
  const objects = shot.objects
    .filter(({ name }) => name !== undefined || !(options.named || options.names))
    .sort((a, b) => a.type.localeCompare(b.type) || (a.name ?? a.id).localeCompare(b.name ?? b.id));
  if (options.json) process.stdout.write(`${JSON.stringify({ ...shot, objects }, null, 2)}\n`);
  else if (options.names) process.stdout.write(objects.map(({ name }) => `${printable(name ?? "")}\n`).join(""));
  else process.stdout.write(text({ ...shot, objects }));
  return 0;
}

function text(shot: Snapshot): string {
  const { colors, isTerminal, columns } = screenOf(process.stdout);
  const sum = `${counted(shot.objects.length, "object")} in ${shot.directory}`;
  const circles = shot.deadlocks.map(({ isCertain, text }) =>
    isCertain ? colors.red(`deadlock: ${text}`) : colors.yellow(`possible deadlock: ${text}`),
  );
  if (shot.objects.length === 0) return `${sum}\n`;
  const rows = shot.objects.map((object) => {
    const row = objectRow(object, shot);
    return [row.type, row.name, row.state, row.depth, row.size, row.processes, row.waiters, row.owner, row.age];
  });
  const heading = ["TYPE", "NAME", "STATE", "DEPTH", "SIZE", "PROCESSES", "WAITERS", "OWNER", "AGE"];
  const [top, ...lines] = textTable(
    heading,
    rows,
    NUMBERS,
    isTerminal ? { width: columns, shorten: TEXTS } : undefined,
  );
  return `${[colors.bold(top), ...lines, "", ...circles, sum].join("\n")}\n`;
}
