import { snapshot } from "../inspector/snapshot.js";
import { Semaphore } from "../primitives/locks/semaphore.js";
import { Failure } from "./failure.js";
import { type HoldOptions, withHold } from "./with-hold.js";

/** Runs a command while it holds one of so many permits. Gives the command's exit code. */
export async function semaphore(
  name: string,
  count: number,
  command: readonly string[],
  options: HoldOptions,
): Promise<number> {
  using permits = Semaphore.openOrCreate(name, count, { persist: options.persist ?? false });
  const total = snapshot().objects.find((object) => object.name === name)?.facts.total;
  if (total !== undefined && total !== count)
    throw new Failure(`semaphore ${JSON.stringify(name)} has ${total} permits, and ${count} were asked for`, 2);
  return await withHold(`semaphore ${JSON.stringify(name)}`, permits, command, options);
}
