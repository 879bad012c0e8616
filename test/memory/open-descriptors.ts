import { readdirSync } from "node:fs";

/** How many descriptors this process has open. */
export const openDescriptors = (): number => readdirSync("/proc/self/fd").length;
