import { snapshot } from "../inspector/snapshot.js";
import type { ObjectView, Snapshot } from "../inspector/snapshot-model.js";
import { Failure } from "./failure.js";
import { counted } from "./figures.js";
import { objectRow, processText } from "./object-row.js";
import { printable } from "./printable.js";
import { screenOf } from "./screen.js";

const LEAST_ID = 4;

/** Tells all of one object, by its name or the beginning of its identity. Gives the exit code. */
export function show(name: string, { json }: { json?: boolean }): number {
  const shot = snapshot();
  const object = find(name, shot);
  const waits = shot.waits.filter((wait) => wait.object === object.id);
  const deadlocks = shot.deadlocks.filter(({ steps }) => steps.some(({ holds }) => holds === object.id));
  if (json) process.stdout.write(`${JSON.stringify({ ...object, waits, deadlocks }, null, 2)}\n`);
  else process.stdout.write(text(object, shot));
  return 0;
}

function find(name: string, { objects, directory }: Snapshot): ObjectView {
  const named = objects.find((object) => object.name === name);
  if (named) return named;
  const byId = name.length < LEAST_ID ? [] : objects.filter(({ id }) => id.startsWith(name));
  if (byId.length === 1) return byId[0];
  if (byId.length > 1) throw new Failure(`${byId.length} objects begin with ${JSON.stringify(name)}; give more of it`);
  throw new Failure(`there is no object ${JSON.stringify(name)} in ${directory} (interproc ls lists them)`);
}

function text(object: ObjectView, shot: Snapshot): string {
  const { colors } = screenOf(process.stdout);
  const row = objectRow(object, shot);
  const processOf = new Map(shot.threads.map((one) => [one.thread, processText(one.pid, one.name)]));
  const lines: [string, string][] = [
    ["state", object.problem === undefined ? row.state : `${row.state}: ${object.problem}`],
    ["identity", object.id],
    ["size", row.size],
    ["age", row.age],
    ["stays", object.persist ? "until it is unlinked" : "as long as somebody holds it"],
  ];
  if (object.depth !== undefined) lines.push(["depth", row.depth]);
  if (object.counts) lines.push(["so far", `${object.counts.in} in, ${object.counts.out} out`]);
  if (object.inFlight > 0) lines.push(["on the way", counted(object.inFlight, "handle")]);
  for (const [key, value] of Object.entries(object.facts))
    for (const one of Array.isArray(value) ? value : [value]) lines.push([key, printable(String(one))]);
  for (const { thread, pid, name, isAlive, sleeps, blockedSeconds } of object.attached) {
    const waited = sleeps > 0 ? `, slept ${counted(sleeps, "time")}, ${blockedSeconds.toFixed(3)} s` : "";
    const task = shot.threads.find((one) => one.thread === thread)?.task;
    const runs = task ? `, runs ${printable(task)}` : "";
    lines.push([
      "attached",
      `${processText(pid, name)} (thread ${thread}${isAlive ? "" : ", killed"}${runs}${waited})`,
    ]);
  }
  for (const { thread, how, count } of object.holders)
    lines.push([how, `${processOf.get(thread) ?? thread}${count > 1 ? `, ${count}` : ""}`]);
  for (const { thread, waitsFor, blockers } of shot.waits.filter((wait) => wait.object === object.id)) {
    const behind = blockers.map((one) => processOf.get(one) ?? one).join(", ");
    lines.push(["waits", `${processOf.get(thread) ?? thread} for ${waitsFor}${behind && `, behind ${behind}`}`]);
  }
  for (const { isCertain, steps, text } of shot.deadlocks)
    if (steps.some(({ holds }) => holds === object.id))
      lines.push([isCertain ? "deadlock" : "possible deadlock", text]);
  const width = Math.max(...lines.map(([key]) => key.length));
  const body = lines.map(([key, value]) => `  ${colors.dim(key.padEnd(width))}  ${value}`);
  return `${[colors.bold(`${row.type} ${row.name}`), ...body].join("\n")}\n`;
}
