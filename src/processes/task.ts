import { pathToFileURL } from "node:url";
import { UsageError } from "../errors.js";
import { commonJsBundle } from "../native/package-file.js";

const TASK: unique symbol = Symbol.for("interproc.task") as never;
/** Shared by all copies of the package in one process, so that a child finds a task whichever copy registered it. */
const TABLE = Symbol.for("interproc.tasks");

/** A function that other processes can name. */
export type Task<Args extends unknown[] = never[], Result = unknown> = ((...args: Args) => Result) & TaskMark;

interface TaskMark {
  readonly [TASK]: TaskName;
}

/** By what a task goes: its module's URL and its function's name. */
export interface TaskName {
  readonly module: string;
  readonly name: string;
}

/** `import.meta`, or `module` in CommonJS. */
export type ModuleLike = { readonly url: string } | { readonly filename: string };

/** The URL of a module, as given by `import.meta` or CommonJS's `module`. */
export function moduleUrl(module: ModuleLike, operation: string): string {
  if (typeof module === "object" && module !== null) {
    if ("url" in module && typeof module.url === "string") return module.url;
    if ("filename" in module && typeof module.filename === "string") return pathToFileURL(module.filename).href;
    if (Object.keys(module).length === 0) {
      if (commonJsBundle) return commonJsBundle; // this copy is in the same file as the module that asks
      throw new UsageError(
        `${operation}: the first argument is an empty object, as bundlers that write CommonJS make of import.meta; ` +
          "allowed: import.meta, or module in CommonJS (esbuild: --define:import.meta=module)",
      );
    }
  }
  throw new UsageError(
    `${operation}: the first argument is ${String(module)}; allowed: import.meta, or module in CommonJS`,
  );
}

type Table = Map<string, (...args: never[]) => unknown>;

function table(): Table {
  const holder = globalThis as { [TABLE]?: Table };
  holder[TABLE] ??= new Map();
  return holder[TABLE];
}

const key = ({ module, name }: TaskName): string => `${name}\n${module}`;

/**
 * Makes a function a task: it is given back, callable here as before, and can from now on be named to other processes
 * by its module's URL and its own name. They import the module and call it there; it need not be exported.
 *
 * @param module `import.meta` (or `module` in CommonJS) of the module in which the call stands
 * @param name given explicitly for bundlers and minifiers that change function names
 * @throws UsageError for a function without a name, and for a second task of one name in a module
 * @example
 * const square = task(import.meta, function square(n: number) {
 *   return n * n;
 * });
 */
export function task<Args extends unknown[], Result>(
  module: ModuleLike,
  fn: (...args: Args) => Result,
): Task<Args, Result>;
export function task<Args extends unknown[], Result>(
  module: ModuleLike,
  name: string,
  fn: (...args: Args) => Result,
): Task<Args, Result>;
export function task<Args extends unknown[], Result>(
  module: ModuleLike,
  nameOrFn: string | ((...args: Args) => Result),
  given?: (...args: Args) => Result,
): Task<Args, Result> {
  const fn = typeof nameOrFn === "string" ? given : nameOrFn;
  if (typeof fn !== "function") throw new UsageError(`task(): ${String(fn)} is not a function`);
  const name = typeof nameOrFn === "string" ? nameOrFn : fn.name;
  if (!name || name === "default")
    throw new UsageError(
      'task(): the function has no name; write task(import.meta, async function work() { … }) or task(import.meta, "work", fn)',
    );
  const mark: TaskName = { module: moduleUrl(module, "task()"), name };
  const known = table().get(key(mark));
  if (known !== undefined && String(known) !== String(fn))
    throw new UsageError(`task(): ${mark.module} has a task ${JSON.stringify(name)} already; give each its own name`);
  table().set(key(mark), fn as (...args: never[]) => unknown);
  Object.defineProperty(fn, TASK, { value: mark, configurable: true });
  return fn as Task<Args, Result>;
}

/** By what a task goes. @throws UsageError for a function that is none */
export function taskName(task: unknown, operation: string): TaskName {
  const mark = typeof task === "function" ? (task as Partial<TaskMark>)[TASK] : undefined;
  if (mark) return mark;
  const what = typeof task === "function" ? `the function ${task.name || "without a name"}` : String(task);
  throw new UsageError(
    `${operation}: ${what} is no task; make it one: const work = task(import.meta, async function work(…) { … })`,
  );
}

/** The task of that name, once its module was imported. */
export function findTask(name: TaskName): ((...args: never[]) => unknown) | undefined {
  return table().get(key(name));
}
