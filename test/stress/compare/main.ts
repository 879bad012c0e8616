// `npm run compare-kills -- [--runs N] [--seed N]`: the same job of two producers and two consumers, one of them killed at
// a random moment, with Python's multiprocessing queues and with ours. Counts the runs in which every survivor went on.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { projectRoot } from "../../project-root.js";
import { SeededRandom } from "../../rings/seeded-random.js";

const LONGEST_DELAY_MS = 100;
const WATCHDOG_MS = 60_000;
/** Most of a run is waiting. */
const AT_ONCE = 2;

const run = promisify(execFile);
const python = join(projectRoot, "test/stress/compare/python-queue.py");
const ours = join(projectRoot, "build/test/stress/compare/interproc-queue.js");
const kinds = [
  { name: "Python Queue", command: "python3", args: [python, "Queue"] },
  { name: "Python SimpleQueue", command: "python3", args: [python, "SimpleQueue"] },
  { name: "interproc Queue", command: process.execPath, args: [ours] },
];

interface Outcome {
  /** Every survivor put or got again within 5 s. */
  readonly wentOn: boolean;
  /** All were at work before the kill. */
  readonly began: boolean;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runs: { type: "string" }, seed: { type: "string" } } });
  const [runs, seed] = [Number(values.runs ?? 20), Number(values.seed ?? Date.now() & 0x7fff_ffff)];
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is ${values.runs}; allowed: a whole number from 1`);
  const version = await run("python3", ["--version"]).catch(() => undefined);
  if (!version) console.log("python3 is not there: only ours runs");
  console.log(`${version?.stdout.trim() ?? ""}, Node ${process.version}, ${runs} runs each, seed ${seed}`);
  console.log("2 producers, 2 consumers, one of them killed: runs in which every survivor went on within 5 s\n");
  console.log(row("", "message", "killed", "went on", "hung"));
  let isClean = true;
  for (const kind of version ? kinds : kinds.slice(2))
    for (const bytes of [100, 200_000])
      for (const role of ["producer", "consumer"]) {
        const { wentOn, counted } = await repeat(kind, role, bytes, runs, seed);
        console.log(row(kind.name, size(bytes), role, `${wentOn} of ${counted}`, `${counted - wentOn}`));
        if (kind.command === process.execPath) isClean &&= wentOn === runs;
      }
  return isClean ? 0 : 1;
}

async function repeat(kind: (typeof kinds)[number], role: string, bytes: number, runs: number, seed: number) {
  let next = 0;
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    while (next < runs) {
      const delay = new SeededRandom(seed + next++).below(LONGEST_DELAY_MS * 10) / 10;
      const args = [...kind.args, role, String(bytes), String(delay)];
      const { stdout } = await run(kind.command, args, { timeout: WATCHDOG_MS, killSignal: "SIGKILL" });
      outcomes.push(JSON.parse(stdout) as Outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const counted = outcomes.filter(({ began }) => began);
  return { wentOn: counted.filter(({ wentOn }) => wentOn).length, counted: counted.length };
}

const size = (bytes: number): string => (bytes < 1000 ? `${bytes} B` : `${bytes / 1000} kB`);
const row = (name: string, ...cells: string[]): string =>
  name.padEnd(20) + cells.map((cell) => cell.padStart(10)).join("");

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
