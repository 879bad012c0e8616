import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { MismatchError, NotFoundError, SystemError } from "../../errors.js";
import type { FileDoor } from "./file-door.js";
import type { FileLocks } from "./file-locks.js";
import { FileLog } from "./file-log.js";
import type { FrameRecords } from "./frame-records.js";
import type { LogState } from "./log-state.js";

/** What is to be opened. */
export interface LogOpening<R extends FrameRecords> {
  readonly folder: string;
  readonly shown: string;
  /** Becomes what the log says. */
  readonly state: LogState<R>;
  readonly operation: string;
  readonly mustExist: boolean;
  readonly door: FileDoor;
}

/** Opens the folder of a queue or a topic, or makes it, and reads its log. @throws MismatchError, NotFoundError, SystemError */
export async function openLog<R extends FrameRecords>({
  folder,
  shown,
  state,
  operation,
  mustExist,
  door,
}: LogOpening<R>): Promise<{ locks: FileLocks; log: FileLog<R> }> {
  makeFolder(folder, state.noun, operation, mustExist);
  const { FileLocks } = await import("./file-locks.js");
  const locks = await FileLocks.open(join(folder, "lock"), state.noun);
  const log = new FileLog(folder, door, `${state.noun} ${shown}`, state);
  try {
    await locks.acquire(() => true);
    try {
      await log.refresh(!mustExist);
    } finally {
      locks.release();
    }
  } catch (error) {
    log.close();
    locks.close();
    throw error;
  }
  return { locks, log };
}

function makeFolder(path: string, noun: string, operation: string, mustExist: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const resource = path;
  if (found === undefined) {
    if (mustExist) throw new NotFoundError(`${operation}: there is no such folder`, { resource });
    try {
      mkdirSync(path, 0o700);
    } catch (cause) {
      const { code, syscall, message } = cause as NodeJS.ErrnoException;
      if (code === "EEXIST") return;
      if (code === "ENOENT")
        throw new NotFoundError(`${operation}: there is no folder to make it in`, { resource, cause });
      throw new SystemError(`${operation}: ${message}`, { errno: code, syscall, resource, cause });
    }
    return;
  }
  if (!found.isDirectory())
    throw new MismatchError(`${operation}: it is a file; allowed: the folder of a ${noun}`, { resource });
  const others = readdirSync(path);
  if (!others.includes("log") && others.some((other) => other !== "lock" && other !== "log.new"))
    throw new MismatchError(
      `${operation}: the folder has ${JSON.stringify(others[0])} and no log of a ${noun} in it; allowed: an empty folder, or a ${noun}'s`,
      { resource },
    );
}
