// The long version of the kill tests: `npm run stress -- [NAME] [--faults N] [--seed N] [--pairs N] [--death KIND]`.
// Of pipe-kill, --kills says the same as --faults, and KIND is how victims end, by default a mix drawn by the seed.
// Of transport-kill, --faults is for each transport; of broker-kill it is for each broker, 200 by default, and --broker is one
// of them, by default all that are installed.
// Of queue-kill, topic-kill, map-kill and lock-kill, --pairs is how many objects are used at once, and --namespaces (as root) gives
// each party a pid namespace of its own instead of processes and threads beside each other.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FaultOptions } from "./fault-run.js";
import { type Broker, brokers } from "./own-server.js";
import { type Death, deaths } from "./tally.js";

/** What came of a run. */
interface Outcome {
  readonly isClean: boolean;
  readonly complaints: readonly string[];
}

interface Options {
  readonly kills: number;
  readonly broker?: Broker;
  readonly seed: number;
  readonly pairs: number;
  readonly death?: Death;
  readonly isInNamespaces: boolean;
  onKill(done: number): void;
}

/** Loaded when they run: by then the directory for shared objects is set. */
const runs: Record<string, (options: Options) => Promise<Outcome>> = {
  "pipe-kill": async (options) => (await import("./pipe-kill.js")).killPipes(options),
  "queue-kill": async (options) => (await import("./queue-kill.js")).killQueues(faultsOf(options)),
  "topic-kill": async (options) => (await import("./topic-kill.js")).killTopics(faultsOf(options)),
  "map-kill": async (options) => (await import("./map-kill.js")).killMaps(faultsOf(options)),
  "lock-kill": async (options) => (await import("./lock-kill.js")).killLocks(faultsOf(options)),
  "file-kill": async (options) => (await import("./file-kill.js")).killFileQueues(faultsOf(options)),
  "topic-file-kill": async (options) => (await import("./topic-file-kill.js")).killFileTopics(faultsOf(options)),
  "pool-kill": async (options) => (await import("./pool-kill.js")).killWorkers(faultsOf(options)),
  "transport-kill": async (options) => (await import("./transport-kill.js")).killTransports(faultsOf(options)),
  "broker-kill": async (options) =>
    (await import("./broker-kill-all.js")).killBrokers(faultsOf(options), options.broker),
  "pool-threads": async (options) => (await import("./pool-threads.js")).endThreads(faultsOf(options)),
  // not faults but how many there are
  "slow-peers": async ({ kills }) => (await import("./slow-peers.js")).besetAll(kills),
  // not by chance but step by step: so many states of each configuration at most
  explorer: async () => (await import("../explorer/explore-all.js")).exploreAll(1_000_000, console.log),
};
const usage = `usage: npm run stress -- [${Object.keys(runs).join(" | ")}] [--faults N] [--seed N] [--pairs N] [--broker ${brokers.join(" | ")}] [--namespaces] [--death "${deaths.join('" | "')}"]`;

const faultsOf = ({ kills, seed, pairs, isInNamespaces, onKill }: Options): FaultOptions => ({
  faults: kills,
  seed,
  arenas: pairs,
  housings: isInNamespaces ? ["namespace"] : undefined,
  onFault: onKill,
});

async function main(): Promise<number> {
  const number = (text: string, what: string): number => {
    if (!/^\d+$/.test(text)) throw new Error(`--${what} is ${text}; allowed: a whole number\n${usage}`);
    return Number(text);
  };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kills: { type: "string" },
      faults: { type: "string" },
      seed: { type: "string", default: String(Date.now() & 0x7fff_ffff) },
      pairs: { type: "string", default: "3" },
      death: { type: "string" },
      broker: { type: "string" },
      namespaces: { type: "boolean", default: false },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(runs);
  const unknown = names.find((name) => !(name in runs));
  if (unknown !== undefined) throw new Error(`there is no run ${unknown}\n${usage}`);
  const [kills, seed, pairs] = [
    number(values.faults ?? values.kills ?? (names[0] === "broker-kill" ? "200" : "2000"), "faults"),
    number(values.seed, "seed"),
    number(values.pairs, "pairs"),
  ];
  const death = deaths.find((known) => known === values.death);
  if (values.death !== death) throw new Error(`--death is ${values.death}; allowed: ${deaths.join(", ")}\n${usage}`);
  const broker = brokers.find((known) => known === values.broker);
  if (values.broker !== broker)
    throw new Error(`--broker is ${values.broker}; allowed: ${brokers.join(", ")}\n${usage}`);
  let isClean = true;
  for (const name of names) {
    console.log(`${name}: ${kills} faults, seed ${seed}`);
    const tally = await runs[name]({
      kills,
      seed,
      pairs,
      death,
      broker,
      isInNamespaces: values.namespaces,
      onKill: (done) => showProgress(done, kills),
    });
    for (const complaint of tally.complaints) console.log(complaint);
    console.log(String(tally));
    isClean &&= tally.isClean;
  }
  return isClean ? 0 : 1;
}

function showProgress(done: number, all: number): void {
  if (process.stdout.isTTY) process.stdout.write(done === all ? "\r\x1b[K" : `\r${done} of ${all}`);
  else if (done % 200 === 0) console.log(`${done} of ${all}`);
}

// a directory of its own, so that nothing but this run is in it
const directory = mkdtempSync(join(process.platform === "linux" ? "/dev/shm" : tmpdir(), "interproc-stress-"));
process.env.INTERPROC_DIR = directory;
process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof Error && error.constructor === Error;
  console.error(isUsage ? error.message : error);
  process.exitCode = 2;
}
