import { Command } from "commander";
import type { MapOptions } from "../map.js";
import { numberOption } from "../number-option.js";
import type { HoldOptions } from "../with-hold.js";

/** Commands that run something. */
export function workCommands(): Command[] {
  return [mapCommand(), lockCommand(), semaphoreCommand(), pythonCommand()];
}

function mapCommand(): Command {
  return new Command("map")
    .summary("call a task for each line of stdin, in a pool of processes")
    .description(
      "Calls a task (made by task(import.meta, …)) for each line of stdin in a pool of worker processes, and prints what each call gives " +
        "as a line of JSON. Lines that failed are told on stderr; exit code 1.",
    )
    .argument("<module#task>", "a file or package and the task's name: ./work.js#wordCount")
    .option("-p, --processes <n>", "how many workers; default: one for each processor", numberOption(1, 1024))
    .option("--unordered", "print results as they come, not in the order of the lines")
    .option("--retries <n>", "how often a call is made again whose worker has died", numberOption(0), 0)
    .option("--fail-fast", "end with the first line that fails")
    .option("--json", "lines are JSON values, not text")
    .action(async (target: string, options: MapOptions) => {
      const { map } = await import("../map.js");
      process.exitCode = await map(target, options);
    });
}

function holding(command: Command): Command {
  return command
    .option(
      "-t, --timeout <ms>",
      "milliseconds to wait; 0: not at all. Exit code 3 when it is still taken",
      numberOption(0),
    )
    .option("--persist", "keep it, and the news that a holder died, also while nobody has it")
    .option("--json", "tell on stderr as JSON whether it was abandoned, and the command's exit code");
}

function lockCommand(): Command {
  return holding(new Command("lock"))
    .summary("run a command while holding a lock")
    .description(
      "Runs a command while it holds the lock of that name, and ends with the command's exit code. When an earlier holder was killed, " +
        "that is told on stderr, and the command finds INTERPROC_ABANDONED=1.",
    )
    .argument("<name>", "the lock's name")
    .argument("<command...>", "the command, after --")
    .action(async (name: string, command: string[], options: HoldOptions) => {
      const { lock } = await import("../lock.js");
      process.exitCode = await lock(name, command, options);
    });
}

function semaphoreCommand(): Command {
  return holding(new Command("semaphore"))
    .summary("run a command while holding one of several permits")
    .description(
      "Runs a command while it holds one of N permits, so that at most N such commands run at once. A killed holder's permit comes back.",
    )
    .argument("<name>", "the semaphore's name")
    .argument("<n>", "how many permits there are", numberOption(1, 2 ** 31 - 1))
    .argument("<command...>", "the command, after --")
    .action(async (name: string, count: number, command: string[], options: HoldOptions) => {
      const { semaphore } = await import("../semaphore.js");
      process.exitCode = await semaphore(name, count, command, options);
    });
}

function pythonCommand(): Command {
  return new Command("python")
    .summary("print a Python worker to start from")
    .description(
      'Prints a Python program that answers messages: spawnProgram(…, { connection: "python" }) speaks to it.',
    )
    .option("--node", "print the program for its other side instead")
    .option("--json", "print both as one JSON document")
    .action(async (options: { json?: boolean; node?: boolean }) => {
      const { python } = await import("../python.js");
      process.exitCode = python(options);
    });
}
