import { UsageError } from "../errors.js";
import { setImporting } from "./importing.js";
import { findTask, type TaskName } from "./task.js";

/** Modules that threw when they were imported: a task that one had made before that is none. */
const broken = new Set<string>();

/**
 * Imports a task's module, if that has not happened yet, and gives the task.
 *
 * @throws UsageError when the module does not register it; whatever the module throws
 */
export async function importTask({ module, name }: TaskName): Promise<(...args: never[]) => unknown> {
  const known = findTask({ module, name });
  if (known && !broken.has(module)) return known;
  setImporting(module);
  try {
    await import(module);
  } catch (error) {
    broken.add(module);
    throw error;
  } finally {
    setImporting(undefined);
  }
  const task = findTask({ module, name });
  if (task) return task;
  throw new UsageError(
    `importing ${module} registers no task ${JSON.stringify(name)}; task(import.meta, …) must run when the module is imported, not later`,
  );
}
