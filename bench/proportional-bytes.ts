import { readdirSync, readFileSync } from "node:fs";

/** What a process takes of memory, pages that several have being shared out among them (PSS); NaN where Linux does not say. */
export function proportionalBytes(pid: number | "self"): number {
  try {
    const kibibytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
    return Number(kibibytes) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** The same of all children of this process together. */
export function proportionalBytesOfChildren(): number {
  const children = new Set<number>();
  for (const thread of readdirSync("/proc/self/task")) {
    const text = readFileSync(`/proc/self/task/${thread}/children`, "utf8");
    for (const pid of text.split(" ").filter((word) => word !== "")) children.add(Number(pid));
  }
  return [...children].reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}
