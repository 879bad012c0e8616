import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a control group (a container's, a service's) allows to its processes together; `undefined`: no limit. */
export interface CgroupLimits {
  readonly memoryBytes?: number;
  /** Processors' worth of time; may have a fraction. */
  readonly processors?: number;
  /** Processes and threads. */
  readonly tasks?: number;
}

const ROOT = "/sys/fs/cgroup";
/** Version 1 writes "no limit" as the largest number of pages. */
const NO_LIMIT = 2 ** 60;

/** The tightest limits on this process, of version 2 or 1. */
export function cgroupLimits(): CgroupLimits {
  const files = filesOfGroups();
  return {
    memoryBytes: least([...files("memory", "memory.max"), ...files("memory", "memory.limit_in_bytes")].map(number)),
    processors: processorLimit(files),
    tasks: least(files("pids", "pids.max").map(number)),
  };
}

/** {@link CgroupLimits.processors} alone. */
export function processorLimit(files = filesOfGroups()): number | undefined {
  return least([...files("cpu", "cpu.max").map(quota), ...files("cpu", "cpu.cfs_quota_us").map(oldQuota)]);
}

/** Finds the files of a controller that apply to this process, in both versions' places. */
function filesOfGroups(): (controller: string, name: string) => string[] {
  const groups = new Map(
    (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      return path === undefined ? [] : controllers.split(",").map((name) => [name, path] as const);
    }),
  );
  return (controller, name) => [
    ...above(ROOT, groups.get("") ?? "/", name),
    ...above(join(ROOT, controller), groups.get(controller) ?? "/", name),
  ];
}

/** The file of that name in a group and in all groups that it is part of. */
function above(root: string, group: string, name: string): string[] {
  const paths = [join(root, name)];
  for (let path = group; path !== "/" && path !== "."; path = dirname(path)) paths.push(join(root, path, name));
  return paths;
}

function number(path: string): number | undefined {
  const value = Number(read(path) ?? Number.NaN); // "max" is not a number either
  return value >= 0 && value < NO_LIMIT ? value : undefined;
}

function quota(path: string): number | undefined {
  const [most, period] = (read(path) ?? "").split(" ").map(Number);
  return most > 0 ? most / period : undefined;
}

function oldQuota(path: string): number | undefined {
  const most = number(path);
  const period = number(join(dirname(path), "cpu.cfs_period_us"));
  return most !== undefined && most > 0 && period ? most / period : undefined;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length > 0 ? Math.min(...found) : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
