import { constants, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SystemError } from "../errors.js";
import { removeIfLast } from "../memory/attachments.js";
import { ANONYMOUS, FLIGHT, LIVES, PARKERS } from "../memory/directory.js";
import { ownerWord, SLOTS } from "../memory/owner.js";
import type { Registry } from "../memory/registry.js";
import { GATE_BYTE } from "../memory/registry.layout.js";
import { openSegment } from "../memory/segment.js";
import { beforeLeaving, registry } from "../memory/this-thread.js";
import { addon, ENOENT, ENXIO } from "../native/addon.js";
import { ALIVE_FILE, dropFolder, flightFolder, makerOf } from "./flight.js";
import { sweepRecords } from "./memory/python-records.js";

let swept = false;

/** Removes what killed processes left: once when this thread begins, and once more when it leaves. */
export function sweepOnce(): void {
  if (swept) return;
  swept = true;
  const everything = (): void => {
    const home = registry();
    try {
      sweepFlights(home); // a carrier may be left by who was killed before it had a place in the registry,
      sweepDoors(home); // and a life line looks alive for a moment after its process's place was given up
      sweep();
    } catch {
      // for want of descriptors or memory: the marks of the killed stay, and the next one sweeps
    }
  };
  beforeLeaving(everything);
  everything();
}

/**
 * Removes what killed processes left: objects whose last holder they were, handles that nobody will take, their FIFOs.
 * Does nothing when no thread was killed since the last sweep. Any number of processes may sweep at once, and be killed
 * in it: each step is the decision that an orderly close takes, and can be taken again. Gives how many threads it found.
 *
 * @param always looks at everything, also when no mark of a killed thread is left
 */
export function sweep(always = false): number {
  const home = registry();
  const killed = home.killed();
  if (killed.length === 0 && !always) return 0;
  sweepFlights(home);
  sweepObjects(home, home.directory);
  sweepObjects(home, join(home.directory, ANONYMOUS));
  sweepRecords(home);
  sweepDoors(home);
  for (const owner of killed) home.clean(owner);
  return killed.length;
}

function sweepObjects(home: Registry, folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(".")) continue;
    try {
      const segment = openSegment(home, join(folder, name), undefined, name);
      if (removeIfLast(segment)) dropFolder(flightFolder(segment.id));
      segment.unmap();
    } catch (error) {
      // else it is somebody else's file, or one that was removed just now
      if (error instanceof SystemError && error.retryable) throw error;
    }
  }
}

/** Folders of carriers that are gone: a pipe's or queue's whose file is no more, a spawn's or sharer's whose lock is free. */
function sweepFlights(home: Registry): void {
  const flights = join(home.directory, FLIGHT);
  for (const carrier of readdirSync(flights)) {
    const folder = join(flights, carrier);
    if (!isCarried(home, folder, carrier)) dropFolder(folder);
  }
}

function isCarried(home: Registry, folder: string, carrier: string): boolean {
  const maker = makerOf(carrier);
  if (maker !== undefined) return home.isAlive(maker);
  const alive = join(folder, ALIVE_FILE);
  if (existsSync(alive)) return isLocked(alive);
  if (existsSync(join(home.directory, ANONYMOUS, carrier))) return true;
  return readdirSync(home.directory).some((name) => !name.startsWith(".") && idOf(home, name) === carrier);
}

function idOf(home: Registry, name: string): string | undefined {
  try {
    const segment = openSegment(home, join(home.directory, name), undefined, name);
    segment.unmap();
    return segment.id;
  } catch (error) {
    if (error instanceof SystemError && error.retryable) throw error;
    return undefined;
  }
}

/** Whether an open file somewhere holds the lock on a carrier's `alive` file. */
export function isLocked(path: string): boolean {
  const native = addon();
  const fd = native.open(path, constants.O_RDONLY, 0);
  if (fd < 0) return fd !== ENOENT; // for want of a descriptor nothing can be said, and nothing is swept
  const locked = native.locked(fd, GATE_BYTE);
  native.close(fd);
  return locked === 1;
}

function sweepDoors(home: Registry): void {
  const parkers = join(home.directory, PARKERS);
  for (const name of readdirSync(parkers)) {
    const [slot, generation] = name.split(".").map(Number);
    if (slot < SLOTS && !home.isAlive(ownerWord(slot, generation))) rmSync(join(parkers, name), { force: true });
  }
  const lives = join(home.directory, LIVES);
  for (const name of readdirSync(lives)) {
    if (home.isAlive(Number.parseInt(name, 10))) continue; // it may just be making it
    const fd = addon().open(join(lives, name), constants.O_WRONLY | constants.O_NONBLOCK, 0);
    if (fd === ENXIO)
      rmSync(join(lives, name), { force: true }); // nobody reads: its process is gone
    else if (fd >= 0) addon().close(fd);
  }
}
