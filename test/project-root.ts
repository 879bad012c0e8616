import { fileURLToPath } from "node:url";

/** The checkout's root folder, seen from build/test. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
