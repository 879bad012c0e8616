import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Mechanism } from "./mechanism.js";
import { queueByUrl } from "./queue-by-url.js";

/** What a file system in memory calls itself: syncs cost nothing there, and nothing survives a restart. */
const TMPFS = 0x01021994;

/** `openQueue("file:…")`: what was put is on the disk before the put resolves. `folder` says on which one. */
export function fileMechanism(folder: string): Mechanism {
  return {
    traits: {
      name: "file",
      title: `durable queue in a folder${statfsSync(folder).type === TMPFS ? " (tmpfs)" : ""}`,
      carries: "messages",
      reach: ["machine"],
      survives: "everyone",
      hasManyTakers: true,
      blocks: false,
      losesMessages: false,
    },
    async open() {
      const own = mkdtempSync(join(folder, "interproc-bench-"));
      return queueByUrl(`file:${join(own, "there.queue")}`, `file:${join(own, "back.queue")}`, () =>
        rmSync(own, { recursive: true, force: true }),
      );
    },
  };
}
