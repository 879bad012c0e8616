import { Lock } from "../primitives/locks/lock.js";
import { type HoldOptions, withHold } from "./with-hold.js";

/** Runs a command while it holds the lock of that name. Gives the command's exit code. */
export async function lock(name: string, command: readonly string[], options: HoldOptions): Promise<number> {
  using held = Lock.openOrCreate(name, { persist: options.persist ?? false });
  return await withHold(`lock ${JSON.stringify(name)}`, held, command, options);
}
