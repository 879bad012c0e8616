import { UsageError } from "../errors.js";
import { setImporting } from "./importing.js";
import { findTask, type TaskName } from "./task.js";

/**
 * Imports a task's module, if that has not happened yet, and gives the task.
 *
 * @throws UsageError when the module does not register it; whatever the module throws
 */
export async function importTask({ module, name }: TaskName): Promise<(...args: never[]) => unknown> {
  const known = findTask({ module, name });
  if (known) return known;
  setImporting(module);
  try {
    await import(module);
  } finally {
    setImporting(undefined);
  }
  const task = findTask({ module, name });
  if (task) return task;
  throw new UsageError(
    `importing ${module} registers no task ${JSON.stringify(name)}; task(import.meta, …) must run when the module is imported, not later`,
  );
}
