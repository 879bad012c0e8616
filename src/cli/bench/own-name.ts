import { randomBytes } from "node:crypto";

/** A name for a queue that nobody else has, on a server that others use too. */
export const ownName = (): string => `interproc-bench-${randomBytes(6).toString("hex")}`;
