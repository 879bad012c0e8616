import { availableParallelism } from "node:os";
import { Command } from "commander";
import { numberOption } from "../number-option.js";

const MOST_PROCESSES = 100;

export function demoCommand(): Command {
  return new Command("demo")
    .summary("count the words below a folder, in several processes and in one")
    .description(
      "Counts the words of every text file below a folder in worker processes, which take batches of files from a queue and add " +
        "to a shared histogram; then in this process alone, and compares: exit code 1 when the two have counted differently.\n\n" +
        "Left out: files with a NUL in their first 8 KB, symbolic links, devices, and folders named .git.",
    )
    .argument("[folder]", "where to look; the default is the folder of interproc itself, with its node_modules")
    .option("-p, --processes <n>", "how many workers", numberOption(1, MOST_PROCESSES), availableParallelism())
    .option("--json", "print one JSON document instead of a report")
    .action(async (folder: string | undefined, options: { processes: number; json?: boolean }) => {
      const { demo } = await import("../demo.js");
      process.exitCode = await demo(folder, options);
    });
}
