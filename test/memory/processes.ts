import { readFileSync } from "node:fs";

/** The state letter that the kernel shows of a process: R, S, T (stopped), Z (dead, not yet reaped); empty when it is gone. */
export function stateOf(pid: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Resolves once it is so; the test's watchdog ends a wait in vain. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** What a test needs that only root has; false when it is there, else the reason to skip. */
export const needsRoot = process.getuid?.() === 0 ? false : "only root may do what this test does; run it as root";
