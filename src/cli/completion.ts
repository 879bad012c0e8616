import type { Command } from "commander";
import { Failure } from "./failure.js";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** Commands whose first argument is an object's name. */
const TAKE_NAMES = ["show", "lock", "semaphore"];

/** Prints what a shell needs to complete this command line. Gives the exit code. */
export function completion(shell: string, program: Command, { json }: { json?: boolean }): number {
  const script = scriptFor(shell, program);
  process.stdout.write(json ? `${JSON.stringify({ shell, script }, null, 2)}\n` : script);
  return 0;
}

function scriptFor(shell: string, program: Command): string {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    summary: command.summary(),
    options: [...command.options.map((option) => option.long ?? option.short ?? ""), "--help"],
  }));
  switch (shell) {
    case "bash":
    case "zsh":
      return bash(commands, shell === "zsh");
    case "fish":
      return fish(commands);
    default:
      throw new Failure(`there is no completion for ${JSON.stringify(shell)}; allowed: ${SHELLS.join(", ")}`, 2);
  }
}

interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
}

function bash(commands: readonly Completed[], isZsh: boolean): string {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${options.join(" ")}" ;;`);
  return `# ${isZsh ? "zsh" : "bash"}: source <(interproc completion ${isZsh ? "zsh" : "bash"})
${isZsh ? "autoload -U +X bashcompinit && bashcompinit\n" : ""}_interproc() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$word"))
    return
  fi
  case "$command" in
${cases.join("\n")}
  esac
  case "$command" in
    ${TAKE_NAMES.join("|")}) [ "$COMP_CWORD" -eq 2 ] && words="$words $(interproc ls --names 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _interproc interproc
`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c interproc -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map(
      (option) => `complete -c interproc -n '__fish_seen_subcommand_from ${name}' -l ${option.replace(/^-+/, "")}`,
    ),
  ]);
  const names = `complete -c interproc -n '__fish_seen_subcommand_from ${TAKE_NAMES.join(" ")}' -f -a '(interproc ls --names)'`;
  return `# fish: interproc completion fish | source\n${[...lines, names].join("\n")}\n`;
}
