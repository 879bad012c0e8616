import type { ProcessView } from "../snapshot-model.js";

/** What a process is called: its title or, where that is only the runtime's path, the program that it runs. */
export function processLabel({ name, command }: Pick<ProcessView, "name" | "command">): string {
  const isRuntime = /^(.*\/)?(node|nodejs|bun|deno)$/.test(name);
  if (!isRuntime) return name === "" ? "process" : name;
  const program = (command ?? "")
    .split(" ")
    .slice(1)
    .find((part) => /\.[cm]?[jt]sx?$/.test(part) && !part.startsWith("-"));
  return program?.split("/").pop() ?? name.split("/").pop() ?? name;
}
