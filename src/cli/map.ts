import { existsSync, fstatSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InterprocError, UsageError } from "../errors.js";
import { importTask } from "../processes/import-task.js";
import { Pool } from "../processes/pool/pool.js";
import type { PoolCalls } from "../processes/pool/pool-calls.js";
import type { Task } from "../processes/task.js";
import { inputMessages } from "./exchange/input-messages.js";
import { jsonLine } from "./exchange/json-line.js";
import { jsonText } from "./exchange/output-bytes.js";
import { Failure } from "./failure.js";
import { interruptible } from "./interruption.js";
import { MapProgress } from "./map-progress.js";
import { printable } from "./printable.js";
import { screenOf } from "./screen.js";

export interface MapOptions {
  readonly processes?: number;
  /** Results as they come, instead of in the order of the lines. */
  readonly unordered?: boolean;
  /** How often a call is made again whose worker has died. */
  readonly retries: number;
  /** Lines are JSON values. */
  readonly json?: boolean;
  /** The first failure ends it all. */
  readonly failFast?: boolean;
}

/** So many calls are under way for each worker. */
const WINDOW = 16;

/** Calls a task for each line of stdin and prints what each call gave, as JSON. Gives the exit code: 1 when some failed. */
export async function map(target: string, options: MapOptions): Promise<number> {
  const task = await taskOf(target);
  return interruptible(async (signal) => {
    const pool = new Pool({ ...(options.processes !== undefined && { processes: options.processes }) });
    const stop = (): void => {
      process.stdin.destroy(signal.reason as Error);
      void pool.terminate();
    };
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", stop, { once: true });
      const failed = await mapLines(pool.with({ retries: options.retries }), pool.processes, task, options, signal);
      await pool.close();
      return failed > 0 ? 1 : 0;
    } finally {
      signal.removeEventListener("abort", stop);
      await pool.terminate();
    }
  });
}

/** `MODULE#task`: a file or a package, and a task's name in it. */
async function taskOf(target: string): Promise<Task<[unknown], unknown>> {
  const [, module, name] = /^(.+)#([^#]+)$/.exec(target) ?? [];
  if (module === undefined)
    throw new Failure(`${JSON.stringify(target)} names no task; allowed: MODULE#task, such as ./work.js#wordCount`, 2);
  let url: string;
  try {
    const path = resolve(module);
    url = existsSync(path) ? pathToFileURL(path).href : pathToFileURL(createRequire(resolve("_")).resolve(module)).href;
  } catch {
    throw new Failure(`there is no module ${JSON.stringify(module)}`, 2);
  }
  try {
    return (await importTask({ module: url, name })) as unknown as Task<[unknown], unknown>;
  } catch (error) {
    if (error instanceof UsageError) throw new Failure(error.message, 2);
    throw new Failure(`importing ${module} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function mapLines(
  pool: PoolCalls,
  processes: number,
  task: Task<[unknown], unknown>,
  options: MapOptions,
  signal: AbortSignal,
): Promise<number> {
  const screen = screenOf(process.stderr);
  const input = countBytes(process.stdin);
  const progress = new MapProgress(screen, (text) => process.stderr.write(text), inputSize());
  const underWay: Promise<void>[] = [];
  let failed = 0;
  let written: Promise<void> = Promise.resolve();
  const call = async (line: unknown, number: number): Promise<void> => {
    const before = written;
    let output = "";
    try {
      const item = options.json ? jsonLine(Buffer.from(line as string).toString(), number) : line;
      output = `${jsonText(await pool.run(task, item))}\n`;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (options.failFast && failed > 0) return; // it was ended with the others
      failed++;
      progress.say(`interproc: ${printable(told(error, number))}\n`);
      if (options.failFast) throw new Failure("ended by the first failure (--fail-fast)");
    }
    if (!options.unordered) await before;
    if (output !== "") await write(output);
    progress.done(failed, input.bytes());
  };
  let number = 0;
  // lines as they are: one that is no JSON fails alone
  for await (const line of inputMessages(input.chunks, {})) {
    const one = call(line, ++number);
    if (!options.unordered) written = one;
    one.catch(() => undefined);
    underWay.push(one);
    if (underWay.length >= processes * WINDOW) await oldest(underWay, options.unordered ?? false);
  }
  signal.throwIfAborted();
  await Promise.all(underWay);
  progress.end(failed, input.bytes());
  return failed;
}

function told(error: unknown, number: number): string {
  if (error instanceof Failure) return error.message;
  return `line ${number}: ${error instanceof InterprocError ? error.message : String(error)}`;
}

/** Waits until there is room for one more call. */
async function oldest(underWay: Promise<void>[], unordered: boolean): Promise<void> {
  if (!unordered) return await underWay.shift();
  const index = await Promise.race(underWay.map((one, at) => one.then(() => at)));
  underWay.splice(index, 1);
}

const write = (text: string): Promise<void> =>
  new Promise((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));

/** How long stdin is, where it is a file. */
function inputSize(): number | undefined {
  const found = fstatSync(0);
  return found.isFile() ? found.size : undefined;
}

function countBytes(input: AsyncIterable<Uint8Array>): { chunks: AsyncIterable<Uint8Array>; bytes(): number } {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of input) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { chunks: counted(), bytes: () => bytes };
}
