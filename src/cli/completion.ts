import type { Command, Option } from "commander";
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
    values: command.options.filter((option) => option.required).map(valued),
  }));
  const words = new Map<string, readonly string[]>([
    ["completion", SHELLS],
    ["help", commands.map(({ name }) => name)],
  ]);
  switch (shell) {
    case "bash":
    case "zsh":
      return bash(commands, words, shell === "zsh");
    case "fish":
      return fish(commands, words);
    default:
      throw new Failure(`there is no completion for ${JSON.stringify(shell)}; allowed: ${SHELLS.join(", ")}`, 2);
  }
}

/** An option that has a value. */
interface Valued {
  readonly flags: readonly string[];
  /** What it can be, where that is a list; else the shell's own completion has to do. */
  readonly choices: readonly string[];
}

interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
  readonly values: readonly Valued[];
}

const valued = ({ long, short, parseArg }: Option): Valued => ({
  flags: [long, short].filter((flag) => flag !== undefined),
  choices: (parseArg as { choices?: readonly string[] } | undefined)?.choices ?? [],
});

type ArgumentWords = ReadonlyMap<string, readonly string[]>;

function bash(commands: readonly Completed[], words: ArgumentWords, isZsh: boolean): string {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${options.join(" ")}" ;;`);
  const values = commands.flatMap(({ name, values }) =>
    values.map(({ flags, choices }) => {
      const patterns = flags.map((flag) => `"${name} ${flag}"`).join("|");
      return `    ${patterns}) COMPREPLY=(${choices.length > 0 ? `$(compgen -W "${choices.join(" ")}" -- "$word")` : ""}); return ;;`;
    }),
  );
  const first = [...words].map(
    ([name, allowed]) => `    ${name}) [ "$COMP_CWORD" -eq 2 ] && words="${allowed.join(" ")} $words" ;;`,
  );
  return `# ${isZsh ? "zsh" : "bash"}: source <(interproc completion ${isZsh ? "zsh" : "bash"})
${isZsh ? "autoload -U +X bashcompinit && bashcompinit\n" : ""}_interproc() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$word"))
    return
  fi
  case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
  esac
  case "$command" in
${cases.join("\n")}
  esac
  case "$command" in
${first.join("\n")}
    ${TAKE_NAMES.join("|")}) [ "$COMP_CWORD" -eq 2 ] && words="$words $(interproc ls --names 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _interproc interproc
`;
}

function fish(commands: readonly Completed[], words: ArgumentWords): string {
  const within = (name: string): string => `complete -c interproc -n '__fish_seen_subcommand_from ${name}'`;
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = commands.flatMap(({ name, summary, options, values }) => [
    `complete -c interproc -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => {
      const value = values.find(({ flags }) => flags.includes(option));
      const list = value === undefined || value.choices.length === 0 ? "" : ` -f -a ${quoted(value.choices.join(" "))}`;
      return `${within(name)} -l ${option.replace(/^-+/, "")}${value === undefined ? "" : " -r"}${list}`;
    }),
  ]);
  for (const [name, allowed] of words) lines.push(`${within(name)} -f -a ${quoted(allowed.join(" "))}`);
  const names = `complete -c interproc -n '__fish_seen_subcommand_from ${TAKE_NAMES.join(" ")}' -f -a '(interproc ls --names)'`;
  return `# fish: interproc completion fish | source\n${[...lines, names].join("\n")}\n`;
}
