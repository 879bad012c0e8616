import { type SpawnOptions, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { partyProgram } from "./party.js";

interface Report {
  readonly joined: number;
  readonly made: number;
  readonly error?: string;
}

/** A process that takes a place and gives it back, `rounds` times. */
export async function comeAndGo(rounds: number, seed: number, options: SpawnOptions = {}): Promise<Report> {
  const program = join(dirname(partyProgram), "memory-join-leave.js");
  const stdio: SpawnOptions["stdio"] = ["ignore", "pipe", "inherit"];
  const child = spawn(process.execPath, [program, `${rounds}`, `${seed}`], { stdio, ...options });
  let output = "";
  for await (const text of child.stdout ?? []) output += text;
  return JSON.parse(output) as Report;
}
