import { type SpawnOptions, spawn } from "node:child_process";
import { programFile } from "../primitives/child-program.js";

/** How a program of test/programs ended: exit code or signal, and what it printed. */
export interface Outcome {
  readonly code: number | NodeJS.Signals | null;
  readonly output: string;
}

/** Runs a program of test/programs until it ends, possibly through another command. */
export async function runProgram(
  [program, ...args]: readonly (string | number)[],
  { through = [], ...options }: SpawnOptions & { through?: readonly string[] } = {},
): Promise<Outcome> {
  const [command, ...rest] = [...through, process.execPath, programFile(`${program}`), ...args.map(String)];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], ...options });
  const over = new Promise<Outcome["code"]>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  let output = "";
  for await (const text of child.stdout ?? []) output += text;
  return { code: await over, output: output.trim() };
}
