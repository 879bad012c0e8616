import { availableParallelism } from "node:os";
import { processorLimit } from "./cgroup.js";

/**
 * Whether spinning before a sleep can ever pay: with one processor, or a cgroup's quota below two, whoever spins keeps
 * the awaited party from running.
 */
export const canSpin: boolean = availableParallelism() > 1 && (processorLimit() ?? 2) >= 2;
