import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { cgroupLimits } from "../../sync/cgroup.js";
import { canSpin } from "../../sync/processors.js";
import { bytesText, grouped } from "../figures.js";
import { type Finding, ok, warn } from "./finding.js";

/** A process with its children needs a few descriptors for each, and one for each other thread that it waits for. */
const FEW_FILES = 1024;
const FEW_PROCESSES = 100;
const LITTLE_MEMORY = 256 * 2 ** 20;

/** What the system allows to this process. */
export function limitsCheck(): Finding[] {
  const group = cgroupLimits();
  const processes = Math.min(resourceLimit("Max processes"), group.tasks ?? Number.POSITIVE_INFINITY);
  return [
    atLeast("open files", resourceLimit("Max open files"), FEW_FILES, "raise ulimit -n", grouped),
    atLeast("processes", processes, FEW_PROCESSES, "raise ulimit -u, or the container's limit of pids", grouped),
    atLeast(
      "memory of this control group",
      group.memoryBytes ?? Number.POSITIVE_INFINITY,
      LITTLE_MEMORY,
      "shared memory counts towards it: raise the container's memory limit",
      bytesText,
    ),
    processors(group.processors),
  ];
}

function atLeast(
  subject: string,
  limit: number,
  least: number,
  advice: string,
  text: (limit: number) => string,
): Finding {
  const found = limit === Number.POSITIVE_INFINITY ? "no limit" : text(limit);
  return limit < least ? warn(subject, found, advice) : ok(subject, found);
}

function processors(quota: number | undefined): Finding {
  const model = cpus()[0]?.model.trim() ?? "";
  const of = quota === undefined ? "" : `, time of ${quota.toFixed(1)} of them`;
  const found = `${availableParallelism()}${of}${model && ` (${model})`}`;
  if (canSpin) return ok("processors", `${found}; waits spin for a moment before they sleep`);
  return warn("processors", `${found}; waits sleep at once`, "with two processors or more, short waits are faster");
}

/** The soft limit, as the kernel has it. */
function resourceLimit(name: string): number {
  try {
    const limit = new RegExp(`^${name}\\s+(\\S+)`, "m").exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined || limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
