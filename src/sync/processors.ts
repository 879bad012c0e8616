import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

function quota(): number {
  try {
    const [limit, period] = readFileSync("/sys/fs/cgroup/cpu.max", "utf8").split(" ");
    return limit === "max" ? Number.POSITIVE_INFINITY : Number(limit) / Number(period);
  } catch {
    return Number.POSITIVE_INFINITY; // no cgroup, no quota
  }
}

/**
 * Whether spinning before a sleep can ever pay: with one processor, or a cgroup's quota below two, whoever spins keeps
 * the awaited party from running.
 */
export const canSpin: boolean = availableParallelism() > 1 && quota() >= 2;
