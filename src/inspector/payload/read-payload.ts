import { lstatSync } from "node:fs";
import { join } from "node:path";
import { ANONYMOUS, directoryPath } from "../../memory/directory.js";
import { Damaged, ObjectFile } from "../object-file.js";
import { mapPayload } from "./map-payload.js";
import { arrayPayload, memoryPayload } from "./memory-payload.js";
import type { Payload } from "./payload.js";
import { pipePayload } from "./pipe-payload.js";
import { queuePayload } from "./queue-payload.js";
import { topicPayload } from "./topic-payload.js";

const READERS: Readonly<Record<string, (file: ObjectFile, directory: string) => Payload>> = {
  pipe: pipePayload,
  queue: queuePayload,
  topic: topicPayload,
  map: mapPayload,
  array: arrayPayload,
  memory: memoryPayload,
};
const SAFE = /^[^/\0.][^/\0]{0,254}$/;

/**
 * What one object holds, as text: at most 20 entries with the first 4,096 bytes of each. Read by copies of parts of its
 * file, as the snapshot is; nothing is taken, and what changed while it was read is left out. What the bytes say is written
 * down and never made: no class, no handle, no regular expression.
 *
 * @param id the object's identity, @param name the name that it has, if it has one
 * @returns undefined when there is no such object any more
 */
export function readPayload(id: string, name?: string, directory: string = directoryPath()): Payload | undefined {
  if (!/^[0-9a-f]{16}$/.test(id) || (name !== undefined && !SAFE.test(name))) return undefined;
  try {
    const path = name === undefined ? join(directory, ANONYMOUS, id) : join(directory, name);
    if (!lstatSync(path).isFile()) return undefined; // a FIFO is not even to be opened
    using file = ObjectFile.open(path);
    if (file.id !== id) return undefined;
    return READERS[file.kind]?.(file, directory) ?? { what: "This kind holds nothing.", entries: [], hasMore: false };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (!(error instanceof Damaged) && !(error instanceof RangeError) && code === undefined) throw error;
    return { what: `It cannot be read: ${code ?? (error as Error).message}.`, entries: [], hasMore: false };
  }
}
