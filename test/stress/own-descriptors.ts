import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parker } from "#src/sync/parker.js";
import { projectRoot } from "../project-root.js";

/** What this process has open; Node itself leaves open the modules that a thread was just reading when terminated. */
export function descriptorsOfOurs(): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return projectRoot; // that of the folder that was read here
      }
    })
    .filter((target) => !target.startsWith(projectRoot));
}

const CLOSING_MS = 5000;
/** What Node opens for itself meanwhile. */
const SOME = 2;

/** Tells what is still open beyond what was `before`, once what is being closed is closed. */
export async function whenClosed(before: readonly string[], left: (opened: string) => void): Promise<void> {
  const until = performance.now() + CLOSING_MS;
  for (;;) {
    parker().peers.forgetDead(); // it closes their doors when it opens the next one, so there may never be a last time
    const opened = descriptorsOfOurs().filter((target) => !before.includes(target));
    if (opened.length <= SOME) return;
    if (performance.now() > until) return left(opened.join(", "));
    await sleep(50);
  }
}
