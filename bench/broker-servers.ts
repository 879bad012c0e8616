import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Backend, backends } from "./broker-question.js";
import { projectRoot } from "./project.js";

interface Status {
  readonly name: string;
  readonly state: "running" | "stopped" | "missing";
  readonly url?: string;
}

interface Script {
  startBrokers(names: readonly string[]): Promise<Status[]>;
  stopBrokers(names: readonly string[]): void;
  statusOfAll(names: readonly string[]): Promise<Status[]>;
}

/** The servers of a benchmark's time. */
export interface BenchServers extends AsyncDisposable {
  /** Which backends can be measured. */
  readonly there: readonly Backend[];
  /** Why the others cannot. */
  readonly problems: readonly string[];
}

/**
 * Starts the servers of `npm run brokers` that do not run yet, as long as the benchmark lasts, and tells the programs where they
 * are by variables of the environment: no password stands in what is printed.
 */
export async function startBenchServers(wanted: readonly Backend[]): Promise<BenchServers> {
  const names = wanted.filter((backend) => backend !== "file");
  const script = (await import(pathToFileURL(join(projectRoot, "scripts", "brokers.mjs")).href)) as Script;
  const before = await script.statusOfAll(names);
  const started = before.filter(({ state }) => state === "stopped").map(({ name }) => name);
  const found = await script.startBrokers(names);
  const problems: string[] = [];
  const there: Backend[] = wanted.filter((backend) => {
    if (backend === "file") return true;
    const { url, state } = found.find(({ name }) => name === backend) as Status;
    const { label, variable } = backends[backend];
    if (url === undefined) problems.push(`${label}: its server is ${state}; npm run brokers -- start ${backend}`);
    else process.env[variable] = url;
    return url !== undefined;
  });
  return {
    there,
    problems,
    async [Symbol.asyncDispose]() {
      if (started.length > 0) script.stopBrokers(started);
    },
  };
}

/** Why there is no pika; undefined when there is one. It serves Debian's own Python only. */
export function pikaProblem(): string | undefined {
  if (spawnSync("/usr/bin/python3", ["-c", "import pika"]).status === 0) return undefined;
  return "pika: Debian's Python has none (on Debian or Ubuntu: apt-get install python3-pika)";
}
