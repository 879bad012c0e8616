import type { FoundFile } from "./walk.js";

/** Some files that are counted in one go. */
export interface Batch {
  /** Relative to the folder that is walked. */
  readonly paths: readonly string[];
}

const MOST_FILES = 32;
/** One large file is a batch of its own; small ones come together until they are worth a message. */
const ENOUGH_BYTES = 512 * 1024;

/** Gathers files into batches as they are found. */
export function* batches(files: Iterable<FoundFile>): Generator<Batch, void> {
  let paths: string[] = [];
  let bytes = 0;
  for (const file of files) {
    paths.push(file.path);
    bytes += file.bytes;
    if (paths.length < MOST_FILES && bytes < ENOUGH_BYTES) continue;
    yield { paths };
    paths = [];
    bytes = 0;
  }
  if (paths.length > 0) yield { paths };
}
