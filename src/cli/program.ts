import { Command } from "commander";
import { benchCommand } from "./commands/bench-command.js";
import { demoCommand } from "./commands/demo-command.js";
import { exchangeCommands } from "./commands/exchange-commands.js";
import { gatewayCommand } from "./commands/gateway-command.js";
import { lookCommands } from "./commands/look-commands.js";
import { workCommands } from "./commands/work-commands.js";
import { packageVersion } from "./package-version.js";

const EXIT_CODES = `
Exit codes
  0          done
  1          it failed
  2          it was asked for in a wrong way
  3          not in time (--timeout)
  126, 127   lock, semaphore: the command cannot be run, there is no such command
  128 + n    ended by signal n
lock and semaphore end with their command's exit code.`;

/** The command line: all commands, which load what they need when they are called. */
export function makeProgram(): Command {
  const program = new Command("interproc")
    .description("Processes that talk: inter-process communication over shared memory.")
    .version(packageVersion())
    .exitOverride()
    .enablePositionalOptions()
    .helpCommand(false) // commander's own says nothing of a command that there is not
    .showHelpAfterError("(--help says what there is)")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "interproc: ")) })
    .addHelpText("after", EXIT_CODES);
  const commands = [
    ...lookCommands(),
    ...exchangeCommands(),
    ...workCommands(),
    gatewayCommand(),
    benchCommand(),
    demoCommand(),
    completionCommand(program),
    helpCommand(program),
  ];
  for (const command of commands) program.addCommand(command.copyInheritedSettings(program));
  return program;
}

function helpCommand(program: Command): Command {
  return new Command("help")
    .summary("say more of a command")
    .description("Says what a command does and which options it has; without a command, which commands there are.")
    .argument("[command]", "the command")
    .action((name?: string) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      return command ? command.help() : program.error(`error: unknown command '${name}'`);
    });
}

function completionCommand(program: Command): Command {
  return new Command("completion")
    .summary("print what a shell needs to complete these commands")
    .description("Prints a script for bash, zsh or fish: source <(interproc completion bash)")
    .argument("<shell>", "bash, zsh or fish")
    .option("--json", "print the script as a JSON document")
    .action(async (shell: string, options: { json?: boolean }) => {
      const { completion } = await import("./completion.js");
      process.exitCode = completion(shell, program, options);
    });
}
