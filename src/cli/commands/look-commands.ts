import { Command } from "commander";
import { choiceOption } from "../choice-option.js";
import type { GcOptions } from "../gc.js";
import type { LsOptions } from "../ls.js";
import { numberOption } from "../number-option.js";
import { SORTS } from "../top/view.js";
import type { TopOptions } from "../top.js";
import type { UiOptions } from "../ui.js";

/** Commands that look at what there is. */
export function lookCommands(): Command[] {
  return [lsCommand(), showCommand(), topCommand(), uiCommand(), metricsCommand(), gcCommand(), doctorCommand()];
}

function lsCommand(): Command {
  return new Command("ls")
    .summary("list every shared object of this user")
    .description(
      "Lists every object in shared memory of this user: its type, name, state, depth, size, the processes that have it, how many " +
        "threads wait there, who owns it and its age; and deadlocks. It only reads files, and disturbs nobody.",
    )
    .option("--named", "leave out objects without a name")
    .option("--names", "print the names only, one a line")
    .option("--json", "print one JSON document: also threads, processes, waits and deadlocks")
    .action(async (options: LsOptions) => {
      const { ls } = await import("../ls.js");
      process.exitCode = ls(options);
    });
}

function showCommand(): Command {
  return new Command("show")
    .summary("tell all of one object")
    .description("Tells all of one object: by its name, or by the beginning of its identity as ls prints it.")
    .argument("<name>", "the object's name or identity")
    .option("--json", "print one JSON document")
    .action(async (name: string, options: { json?: boolean }) => {
      const { show } = await import("../show.js");
      process.exitCode = show(name, options);
    });
}

function topCommand(): Command {
  return new Command("top")
    .summary("watch all objects, with their rates")
    .description(
      "Shows all objects again and again, with what goes in and out a second and how long it stays. On a terminal: q ends, s and < > " +
        "choose the order, r turns it round, / filters, p pauses, arrows scroll. Elsewhere it prints one table after the other.",
    )
    .option("-i, --interval <ms>", "milliseconds between two looks", numberOption(50), 1000)
    .option("-n, --count <n>", "end after so many looks", numberOption(1))
    .option("-s, --sort <by>", `${SORTS.join(", ")}`, choiceOption(SORTS), "depth")
    .option("--json", "print each look as a line of JSON")
    .action(async (options: TopOptions) => {
      const { top } = await import("../top.js");
      process.exitCode = await top(options);
    });
}

function uiCommand(): Command {
  return new Command("ui")
    .summary("watch all objects in a browser")
    .description(
      "Serves a page at 127.0.0.1 that shows all objects, who waits for whom, and processes, live. It prints the url once; who has it " +
        "can see everything. It only reads, unless --allow-write, and shows no message, unless " +
        "--show-payloads. The objects as JSON: /api/objects, with Authorization: Bearer TOKEN.",
    )
    .option("--port <n>", "the port; 0 picks one that is free", numberOption(0, 65_535), 0)
    .option("--no-open", "do not show the page in a browser")
    .option("--allow-write", "let the page remove what was left behind, and take names away")
    .option("--show-payloads", "let the page show what queues, pipes, topics, maps and memory hold; it may be secret")
    .option("--json", "print url, token and port as JSON")
    .action(async (options: UiOptions) => {
      const { ui } = await import("../ui.js");
      await ui(options);
    });
}

function metricsCommand(): Command {
  return new Command("metrics")
    .summary("print figures of all objects in Prometheus' format")
    .description(
      "Prints depth, capacity, what went in and out, waiters and holders of all objects in Prometheus' text format 0.0.4, as for the " +
        "textfile collector of its node exporter. A gateway serves the same at /metrics, with figures of its requests.",
    )
    .option("--json", "print the families of figures as one JSON document")
    .action(async (options: { json?: boolean }) => {
      const { metrics } = await import("../metrics.js");
      process.exitCode = metrics(options);
    });
}

function gcCommand(): Command {
  return new Command("gc")
    .summary("remove what killed processes left")
    .description(
      "Removes objects whose last holder was killed, handles that nobody will take, and the places of killed threads. interproc does so " +
        "by itself whenever a process begins or ends. Objects that were made to stay (persist) are kept. Exit code 1 when something " +
        "could not be removed.",
    )
    .option("--dry-run", "only say what would be removed")
    .option("--json", "print one JSON document")
    .action(async (options: GcOptions) => {
      const { gc } = await import("../gc.js");
      process.exitCode = gc(options);
    });
}

function doctorCommand(): Command {
  return new Command("doctor")
    .summary("say what this machine offers, and what is wrong")
    .description(
      "Looks at the addon, the directory for shared objects, the kernel's features (each is tried), limits and leftovers. " +
        "Exit code 1 when something that is needed fails.",
    )
    .option("--json", "print one JSON document instead of lines")
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import("../doctor.js");
      process.exitCode = await doctor(options);
    });
}
