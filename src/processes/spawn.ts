import type { ChildProcess, StdioOptions } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Carried, carriedIn } from "../carried.js";
import type { Connection } from "../channel.js";
import { toldWhere } from "../codec/told-where.js";
import { diagnostics, type ProcessEvent } from "../diagnostics.js";
import { SystemError, UsageError } from "../errors.js";
import { outOfMemory } from "../memory/directory.js";
import { registry } from "../memory/this-thread.js";
import { addon } from "../native/addon.js";
import { packageFile } from "../native/package-file.js";
import { dropFolder } from "../primitives/flight.js";
import { type Given, packHandles } from "../primitives/handle.js";
import { pipe } from "../primitives/pipe/pipe.js";
import { sweepOnce } from "../primitives/sweep.js";
import { ARGUMENTS_FILE, CONTROL_FILE, ERRAND_FILE, SPAWN_VARIABLE } from "./birth.layout.js";
import { type Carrier, openCarrier } from "./carrier.js";
import { checkRunning } from "./check-running.js";
import { type Birth, currentProcess } from "./current-process.js";
import { refuseWhileImporting } from "./importing.js";
import { lifeLine } from "./life-line.js";
import { Process, type Verdict } from "./process.js";
import { startChild } from "./start-child.js";
import { type Task, type TaskName, taskName } from "./task.js";

/** How a child's process is run; by default as this one was. */
export interface SpawnOptions {
  /** What the child calls itself; default `Process-1`, `Process-2` … */
  name?: string;
  /** The child's whole environment; default this process's. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** As in `child_process.spawn`; default stdin nothing, stdout and stderr this process's. */
  stdio?: StdioOptions;
  /** Options of the runtime; default those of this process, so that loaders come along. */
  execArgv?: readonly string[];
  /** Aborting it terminates the child. */
  signal?: AbortSignal;
  /** The child does not die with this process. */
  detached?: boolean;
}

/** What a child is told in its errand file. */
export interface Errand extends TaskName {
  readonly birth: Birth;
  readonly detached: boolean;
  /** Texts that go along, such as the context of a trace. */
  readonly headers?: Carried;
}

const CONTROL_CAPACITY = 4096;
/** Options that belong to one process only. */
const NOT_INHERITED = /^--?(inspect|eval$|e$|print$|p$|pe$|check$|c$|interactive$|i$|test|watch|run$|input-type)/;

/** Options that the text of a program follows. */
const TAKES_TEXT = /^(--eval|-e|--print|-p|-pe)$/;

let count = 0;

/**
 * Starts a task in a process of its own. The arguments are complete in shared memory before the process exists, so
 * `spawn(…); conn.recvSync()` works. Shared objects among them (anywhere inside) arrive as the same objects; the ends of
 * pipes move. The child is run as this process was (its `execArgv`), dies with it, however it dies, and keeps it alive
 * until it ends or `unref()`.
 *
 * If the call throws, nothing has moved. If the child dies before it takes what it was given, the peers of moved ends
 * get EOF and the rest comes back.
 *
 * @throws UsageError for a function that is no task, and in a module that a child is just importing
 * @throws CodecError for an argument that cannot be encoded
 * @throws NotFoundError when `cwd` is no directory
 * @throws SystemError when the process or its memory cannot be had
 */
export function spawn<Args extends unknown[], Result>(
  task: Task<Args, Result>,
  ...[args, options]: [] extends Args ? [args?: Args, options?: SpawnOptions] : [args: Args, options?: SpawnOptions]
): Process<Awaited<Result>> {
  const mark = taskName(task, "spawn()");
  refuseWhileImporting("spawn()");
  if (args !== undefined && !Array.isArray(args))
    throw new UsageError(`spawn(): the arguments are ${typeof args}; allowed: an array of the task's arguments`);
  options?.signal?.throwIfAborted();
  if (options) checkRunning(options, "spawn()");
  registry();
  sweepOnce();
  const name = options?.name ?? `Process-${++count}`;
  if (!diagnostics.process.isWatched) return launch(mark, name, args ?? [], options ?? {});
  const event: ProcessEvent = {
    operation: "spawn()",
    process: name,
    task: mark.name,
    module: mark.module,
    headers: {},
  };
  const tell = diagnostics.process.begin(event);
  try {
    const child = launch<Awaited<Result>>(mark, name, args ?? [], options ?? {}, carriedIn(event.headers));
    event.pid = child.pid;
    void child.join().then((exit) => tell({ result: exit }));
    return child;
  } catch (error) {
    tell({ error });
    throw error;
  }
}

function launch<Result>(
  mark: TaskName,
  name: string,
  args: readonly unknown[],
  options: SpawnOptions,
  headers?: Carried,
): Process<Result> {
  const [control, childEnd] = pipe<never, Verdict>({ capacity: CONTROL_CAPACITY });
  const given: Given[] = [];
  let carrier: Carrier | undefined;
  try {
    carrier = openCarrier("spawn");
    pack(carrier, CONTROL_FILE, childEnd, given);
    packArguments(carrier, mark, args, given);
    const self = currentProcess();
    const birth = { name, parent: { pid: process.pid, name: self.name }, life: lifeLine() };
    const errand: Errand = { ...mark, birth, detached: options.detached ?? false, headers };
    writeFileSync(join(carrier.folder, ERRAND_FILE), JSON.stringify(errand));
    const child = start(carrier, options, name);
    for (const one of given) one.commit(`process ${child.pid} (${name})`);
    return new Process<Result>(child, name, control as Connection<never, Verdict>, carrier.folder, options.signal);
  } catch (error) {
    for (const one of given.reverse()) one.undo();
    control.close();
    childEnd.close();
    if (carrier) dropFolder(carrier.folder);
    throw error;
  } finally {
    if (carrier) addon().close(carrier.fd); // the child holds it open from now on
  }
}

function packArguments(carrier: Carrier, { name }: TaskName, args: readonly unknown[], given: Given[]): void {
  try {
    pack(carrier, ARGUMENTS_FILE, args, given);
  } catch (error) {
    throw toldWhere(error, "value", "arguments", `spawn() of ${name}`);
  }
}

function pack({ folder }: Carrier, file: string, value: unknown, given: Given[]): void {
  const parcel = packHandles(value, () => folder);
  given.push(...parcel.given);
  try {
    writeFileSync(join(folder, file), parcel.bytes);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC") throw outOfMemory(registry().directory, parcel.bytes.length, "spawn(): the arguments");
    throw new SystemError(`spawn(): the arguments cannot be written: ${code}`, {
      cause,
      errno: code,
      syscall: "write",
    });
  }
}

function start({ folder, fd }: Carrier, options: SpawnOptions, name: string): ChildProcess {
  const main = packageFile("processes/child-main.js");
  const execArgv = options.execArgv ?? inheritedOptions();
  const child = startChild("spawn()", process.execPath, [...execArgv, main], {
    env: {
      ...(options.env ?? process.env),
      [SPAWN_VARIABLE]: folder,
      INTERPROC_DIR: process.env.INTERPROC_DIR && registry().directory,
    },
    cwd: options.cwd,
    stdio: stdioOf(options.stdio, fd),
    detached: options.detached,
  });
  if (child.pid === undefined) {
    child.on("error", () => undefined); // told here and now
    throw new SystemError(`spawn(): process ${JSON.stringify(name)} cannot be started (${process.execPath})`, {
      syscall: "spawn",
      resource: name,
    });
  }
  return child;
}

function stdioOf(stdio: StdioOptions | undefined, fd: number): StdioOptions {
  const given = typeof stdio === "string" ? [stdio, stdio, stdio] : [...(stdio ?? [])];
  const [input = "ignore", output = "inherit", errors = "inherit", ...more] = given;
  return [input, output, errors, ...more, fd];
}

/** How this process was run: loaders and flags, without what is for one process only (a debugger's port, `-e`). */
function inheritedOptions(): string[] {
  const kept: string[] = [];
  let drops = false;
  let isText = false;
  for (const argument of process.execArgv) {
    // what begins with no dash is the value of the option before; the text after --eval may begin with anything
    if (!isText && argument.startsWith("-")) drops = NOT_INHERITED.test(argument);
    if (!drops) kept.push(argument);
    isText = !isText && TAKES_TEXT.test(argument);
  }
  return kept;
}
