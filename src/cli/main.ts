#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { InterprocError } from "../errors.js";
import { Failure } from "./failure.js";
import { Interruption } from "./interruption.js";
import { packageVersion } from "./package-version.js";

const MOST_PROCESSES = 100;
const USAGE = 2;

function parseProcesses(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 1 && number <= MOST_PROCESSES) return number;
  throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${MOST_PROCESSES}.`);
}

function makeProgram(): Command {
  const program = new Command("interproc")
    .description("Processes that talk: inter-process communication over shared memory.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError("(--help says what there is)")
    .addHelpText("after", "\nExit codes: 0 done, 1 it failed, 2 it was asked for in a wrong way.");
  program
    .command("demo")
    .summary("count the words below a folder, in several processes and in one")
    .description(
      "Counts the words of every text file below a folder in worker processes, which take batches of files from a queue and add " +
        "to a shared histogram; then in this process alone, and compares: exit code 1 when the two have counted differently.\n\n" +
        "Left out: files with a NUL in their first 8 KB, symbolic links, devices, and folders named .git.",
    )
    .argument("[folder]", "where to look; the default is the folder of interproc itself, with its node_modules")
    .option("-p, --processes <n>", "how many workers", parseProcesses, availableParallelism())
    .option("--json", "print one JSON document instead of a report")
    .action(async (folder: string | undefined, options: { processes: number; json?: boolean }) => {
      const { demo } = await import("./demo.js");
      process.exitCode = await demo(folder, options);
    });
  program
    .command("doctor")
    .summary("say what this machine offers, and what is wrong")
    .description(
      "Looks at the addon, the directory for shared objects, the kernel's features (each is tried), limits and leftovers. " +
        "Exit code 1 when something that is needed fails.",
    )
    .option("--json", "print one JSON document instead of lines")
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import("./doctor.js");
      process.exitCode = await doctor(options);
    });
  return program;
}

/** One line for what a user can do something about; a stack only for what is a defect. */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // it has printed its message itself
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof Failure || error instanceof InterprocError) {
    process.stderr.write(`interproc: ${error.message}\n`);
    return error instanceof Failure ? error.exitCode : 1;
  }
  console.error(error);
  return 1;
}

// a reader that has seen enough (`interproc demo | head`) is no failure to complain about
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = complain(error);
}
