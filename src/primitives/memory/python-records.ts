/*
 * Python's blocks have no header, so who made one stands beside our own objects: an empty file in a folder of the
 * directory, named <owner word>.<inode>.<name of the block>, made before the block has its name and so there whenever
 * the block is. A record whose owner is dead takes the block with it, if the file of that name still is that block.
 */
import { readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SystemError } from "../../errors.js";
import { outOfMemory, PYTHON } from "../../memory/directory.js";
import type { Registry } from "../../memory/registry.js";
import { beforeLeaving } from "../../memory/this-thread.js";

/** Where Linux keeps what `shm_open` names. */
export const PYTHON_FOLDER = "/dev/shm";

let leaving = false;

/** Notes that this thread is making a block. */
export function addRecord(home: Registry, inode: number, name: string): void {
  const path = join(home.directory, PYTHON, `${home.self >>> 0}.${inode}.${name}`);
  try {
    writeFileSync(path, "", { mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC") throw outOfMemory(home.directory, 0, `SharedMemory ${JSON.stringify(name)}: create`);
    throw new SystemError(`SharedMemory ${JSON.stringify(name)}: create: ${code} of ${path}`, { cause, errno: code });
  }
  if (leaving) return;
  leaving = true;
  beforeLeaving(() => removeWhere(home, (owner) => owner === home.self));
}

/** The block is gone, or was never named. */
export function dropRecord(home: Registry, inode: number, name: string): void {
  for (const record of recordsIn(home))
    if (record.inode === inode && record.name === name) rmSync(record.path, { force: true });
}

/** Removes the blocks whose makers were killed. */
export function sweepRecords(home: Registry): void {
  removeWhere(home, (owner) => !home.isAlive(owner));
}

/** Takes the name of a block away, if it is still that block's. */
export function unlinkBlock(name: string, inode: number): boolean {
  const path = join(PYTHON_FOLDER, name);
  try {
    if (statSync(path).ino !== inode) return false;
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

interface Record {
  readonly path: string;
  readonly owner: number;
  readonly inode: number;
  readonly name: string;
}

function recordsIn(home: Registry): Record[] {
  const folder = join(home.directory, PYTHON);
  return readdirSync(folder).flatMap((file) => {
    const parts = /^(-?\d+)\.(-?\d+)\.(.+)$/s.exec(file);
    if (!parts) return [];
    return [{ path: join(folder, file), owner: Number(parts[1]) | 0, inode: Number(parts[2]), name: parts[3] }];
  });
}

function removeWhere(home: Registry, isOver: (owner: number) => boolean): void {
  for (const { path, owner, inode, name } of recordsIn(home)) {
    if (!isOver(owner)) continue;
    try {
      unlinkBlock(name, inode);
      rmSync(path, { force: true });
    } catch {
      // the name is not ours to take away any more
    }
  }
}
