/*
 * What a spawned process runs: finds its errand in the folder named by the environment, binds its life to its parent's,
 * imports the task's module, takes the arguments, calls the task, answers, and ends when nothing is left to do.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { carriedOf } from "../carried.js";
import type { Connection } from "../channel.js";
import { diagnostics } from "../diagnostics.js";
import { UsageError } from "../errors.js";
import { taskText } from "../memory/task-text.js";
import { registry } from "../memory/this-thread.js";
import { dropFolder } from "../primitives/flight.js";
import { unpackHandles } from "../primitives/handle.js";
import "../index.js";
import { describeFailure } from "../rpc/remote-failure.js";
import { ARGUMENTS_FILE, CONTROL_FILE, ERRAND_FILE, SPAWN_VARIABLE } from "./birth.layout.js";
import { setBirth } from "./current-process.js";
import { importTask } from "./import-task.js";
import { dieWith } from "./life-line.js";
import type { Verdict } from "./process.js";
import type { Errand } from "./spawn.js";
import type { TaskName } from "./task.js";

const folder = process.env[SPAWN_VARIABLE];
if (!folder) throw new UsageError(`this program is started by spawn() only: ${SPAWN_VARIABLE} is not set`);
delete process.env[SPAWN_VARIABLE];
const errand = JSON.parse(readFileSync(join(folder, ERRAND_FILE), "utf8")) as Errand;
setBirth(errand.birth);
process.title = errand.birth.name;
if (!errand.detached && !dieWith(errand.birth.life)) {
  dropFolder(folder); // the parent is gone: nobody else would
  process.exit(1);
}

const control = unpackHandles(readFileSync(join(folder, CONTROL_FILE)), folder) as Connection<Verdict, never>;
try {
  await answer({ value: await perform(folder, errand) });
} catch (error) {
  console.error(`Process ${errand.birth.name}:`);
  console.error(error);
  process.exitCode = 1;
  await control.send({ failure: describeFailure(error) }).catch(() => undefined);
}
control.close();

async function perform(from: string, errand: Errand): Promise<unknown> {
  let call: () => unknown;
  try {
    call = await prepare(from, errand);
  } finally {
    dropFolder(from); // what was not taken goes back, and who has the other ends is told
  }
  const { taskRun } = diagnostics;
  const run = (): unknown => taskRun.trace({ task: errand.name, headers: carriedOf(errand.headers) }, call);
  return await (taskRun.isWatched ? run() : call());
}

/** Imports the task's module and takes the arguments. */
async function prepare(from: string, name: TaskName): Promise<() => unknown> {
  const task = await importTask(name);
  registry().tellTask(taskText(name.name));
  const args = unpackHandles(readFileSync(join(from, ARGUMENTS_FILE)), from) as never[];
  return () => task(...args);
}

/** Sends the result, or as an error why it could not be sent. Nobody reading it is not this process's trouble. */
async function answer(verdict: Verdict): Promise<void> {
  try {
    await control.send(verdict);
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_INTERPROC_BROKEN_PIPE") throw error;
  }
}
