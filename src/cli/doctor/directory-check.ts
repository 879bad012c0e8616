import { readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { ANONYMOUS } from "../../memory/directory.js";
import { registry } from "../../memory/this-thread.js";
import { sweep } from "../../primitives/sweep.js";
import { bytesText, counted } from "../figures.js";
import { type Finding, fail, ok, warn } from "./finding.js";

const TMPFS = 0x0102_1994;
/** Not even the registry and one pipe fit into less. */
const LEAST_FREE = 2 ** 20;
/** What Docker gives to a container's /dev/shm. */
const SMALL = 64 * 2 ** 20;

/** The directory for shared objects: whether it may be used, its room, what is in it, what killed processes left there. */
export function directoryCheck(): Finding[] {
  let directory: string;
  try {
    directory = registry().directory; // makes it where it is missing, and checks owner and mode
  } catch (error) {
    return [fail("directory", (error as Error).message)];
  }
  const origin = process.env.INTERPROC_DIR ? "INTERPROC_DIR" : "the default";
  return [ok("directory", `${directory} (${origin}), mode 0700`), memory(directory), leftovers(), objects(directory)];
}

function memory(directory: string): Finding {
  const { type, bavail, blocks, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const size = blocks * bsize;
  const found = `${bytesText(free)} free of ${bytesText(size)}`;
  const larger = "in a container: a larger --shm-size; else a larger tmpfs, or INTERPROC_DIR elsewhere";
  if (free < LEAST_FREE) return fail("memory", found, larger);
  if (type !== TMPFS)
    return warn(
      "memory",
      `${found}, not a tmpfs`,
      "shared objects would be written to a disk: set INTERPROC_DIR to a folder in memory",
    );
  if (free < SMALL / 4 || size < SMALL) return warn("memory", found, larger);
  return ok("memory", found);
}

function leftovers(): Finding {
  const killed = sweep();
  if (killed === 0) return ok("leftovers", "none");
  return ok("leftovers", `${counted(killed, "thread")} had been killed; what they left was removed just now`);
}

function objects(directory: string): Finding {
  const named = readdirSync(directory).filter((name) => !name.startsWith(".")).length;
  const anonymous = readdirSync(join(directory, ANONYMOUS)).length;
  return ok("objects", `${named} with a name, ${anonymous} without`);
}
