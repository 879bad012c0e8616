import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { registry } from "../memory/this-thread.js";
import { adviceLines } from "./bench/advice-lines.js";
import { type Advised, advise } from "./bench/advise.js";
import { BenchProgress } from "./bench/bench-progress.js";
import { benchTables } from "./bench/bench-tables.js";
import { machineFacts } from "./bench/machine-facts.js";
import type { Mechanism } from "./bench/mechanism.js";
import { mechanisms } from "./bench/mechanisms.js";
import { message } from "./bench/message.js";
import { parseNeeds } from "./bench/needs.js";
import { readSize } from "./bench/read-size.js";
import { reportPage } from "./bench/report/report-page.js";
import type { BenchResults } from "./bench/results.js";
import { runBench } from "./bench/run-bench.js";
import { Failure } from "./failure.js";
import { interruptible } from "./interruption.js";
import { printable } from "./printable.js";
import { screenOf } from "./screen.js";

export interface BenchOptions {
  /** Names, separated by commas. */
  readonly only?: string;
  /** For each figure. */
  readonly seconds: number;
  /** Lengths, separated by commas. */
  readonly sizes: string;
  /** Where the report goes. */
  readonly report?: string;
  /** Servers' urls, instead of the usual ones. */
  readonly brokers?: readonly string[];
  /** Where durable queues in files are made. */
  readonly folder?: string;
  /** What is needed. */
  readonly for?: string;
  readonly json?: boolean;
}

/** The version of the JSON document; another one when a field goes or changes. */
const VERSION = 1;

/** Measures all mechanisms on this machine. Gives the exit code: 1 when something that was asked for has no figures. */
export async function bench(options: BenchOptions): Promise<number> {
  const sizes = sizesOf(options);
  registry(); // without the directory for shared objects nothing can be measured: told once
  const report = options.report === undefined ? undefined : checkedReport(options.report);
  const chosen = chooseFrom(mechanisms(options.brokers, checkedFolder(options.folder)), options);
  const results = await measure(chosen, sizes, options.seconds);
  const advised = advise(results, sizes, options.for);
  if (report !== undefined) writeReport(report, reportPage(results, advised));
  await write(options.json ? json(results, advised) : text(results, advised, options));
  const exitCode = isComplete(results, options) ? 0 : 1;
  // what was given up may still wait for something that will never come
  if (results.cells.some(({ problem }) => problem !== undefined)) process.exit(exitCode);
  return exitCode;
}

const write = (text: string): Promise<void> =>
  new Promise((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));

/** The lengths that are asked for, and the one that is needed. */
function sizesOf({ sizes, for: asked }: BenchOptions): number[] {
  const lengths = list(sizes).map((one) => readSize(one, message.LEAST_BYTES, "--sizes"));
  if (asked !== undefined) lengths.push(Math.max(message.LEAST_BYTES, parseNeeds(asked).bytes));
  return [...new Set(lengths)].sort((a, b) => a - b);
}

async function measure(chosen: readonly Mechanism[], sizes: readonly number[], seconds: number): Promise<BenchResults> {
  const facts = machineFacts();
  const progress = new BenchProgress(screenOf(process.stderr), (line) => process.stderr.write(line));
  const found = await interruptible((signal) =>
    runBench({ mechanisms: chosen, sizes, seconds }, progress, signal),
  ).finally(() => progress.end());
  const machine = facts();
  const { loadBefore, cores } = machine;
  const isBusy = loadBefore > cores;
  const busy = `the machine was busy before: load ${loadBefore.toFixed(1)} on ${cores} cores; these figures are worse than they would be`;
  return {
    machine,
    mechanisms: chosen.map(({ traits }) => traits),
    cells: found.cells,
    skipped: found.skipped,
    warnings: [...(isBusy ? [busy] : []), ...found.warnings],
  };
}

const list = (text: string): string[] => text.split(",").map((one) => one.trim());

function chooseFrom(all: readonly Mechanism[], { only, brokers }: BenchOptions): Mechanism[] {
  if (only === undefined) return [...all];
  const names = list(only);
  const known = all.map(({ traits }) => traits.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Failure(`--only: there is no mechanism ${JSON.stringify(unknown)}; allowed: ${known.join(", ")}`, 2);
  // servers that were named are wanted
  const isWanted = (name: string, index: number): boolean =>
    names.includes(name) || (brokers !== undefined && index >= all.length - brokers.length);
  return all.filter(({ traits }, index) => isWanted(traits.name, index));
}

/** Whether everything that was asked for has its figures. */
function isComplete({ cells, skipped, mechanisms: all }: BenchResults, { only, brokers }: BenchOptions): boolean {
  const names = new Set(only === undefined ? [] : list(only));
  for (const { name } of brokers === undefined ? [] : all.slice(-brokers.length)) names.add(name);
  const isMissing = skipped.some(({ mechanism, bytes }) => bytes === undefined && names.has(mechanism));
  return !isMissing && cells.every(({ problem }) => problem === undefined);
}

function json(results: BenchResults, advised: readonly Advised[]): string {
  const recommendations = advised.map(({ what, recommendation }) => ({ what, ...recommendation }));
  return `${JSON.stringify({ version: VERSION, ...results, recommendations }, null, 2)}\n`;
}

function text(results: BenchResults, advised: readonly Advised[], { for: asked, report }: BenchOptions): string {
  const { colors } = screenOf(process.stdout);
  const { machine, cells, skipped, warnings } = results;
  const { cpu, cores, os, runtime, interproc } = machine;
  const sized = (bytes: number | undefined): string => (bytes === undefined ? "" : ` (${bytes} bytes)`);
  const missing = [
    ...skipped.map(({ mechanism, bytes, why }) => `${mechanism}${sized(bytes)}: skipped: ${printable(why)}`),
    ...cells.flatMap(({ mechanism, bytes, problem }) =>
      problem === undefined ? [] : [colors.red(`${mechanism}${sized(bytes)}: failed: ${printable(problem)}`)],
    ),
  ];
  const lines = [
    `${cpu}, ${cores} cores; ${os}; ${runtime}; interproc ${interproc}`,
    ...warnings.map((warning) => colors.yellow(`warning: ${printable(warning)}`)),
    "",
    ...benchTables(results),
    ...missing,
    ...(missing.length > 0 ? [""] : []),
    ...adviceLines(advised, asked !== undefined),
    ...(report === undefined ? [] : ["", `charts: ${resolve(report)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Before anything is measured: what has taken minutes is not to be lost. */
function checkedReport(file: string): string {
  const path = resolve(file);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Failure(`--report: ${path} is a folder`, 2);
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw cannotWrite(path, error);
  }
  return path;
}

function writeReport(path: string, page: string): void {
  try {
    writeFileSync(path, page);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

const cannotWrite = (path: string, error: unknown): Failure =>
  new Failure(`--report: ${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);

function checkedFolder(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const path = resolve(folder);
  try {
    if (!statSync(path).isDirectory()) throw new Failure(`--folder: ${path} is not a folder`, 2);
    accessSync(path, constants.W_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`--folder: nothing can be made in ${path}: ${(error as NodeJS.ErrnoException).code}`, 2);
  }
  return path;
}
