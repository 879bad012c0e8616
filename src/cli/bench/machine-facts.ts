import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { packageVersion } from "../package-version.js";
import type { MachineFacts } from "./results.js";

/** Notes what is so before anything is measured; the function that it gives adds what is so at the end. */
export function machineFacts(): () => MachineFacts {
  const begun = new Date();
  const [loadBefore] = loadavg();
  const { bun, deno, node } = process.versions;
  return () => ({
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${type()} ${release()} ${process.arch}`,
    runtime: bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node.js ${node}`,
    interproc: packageVersion(),
    loadBefore,
    loadAfter: loadavg()[0],
    startedAt: begun.toISOString(),
    seconds: (Date.now() - begun.getTime()) / 1000,
  });
}
