/*
 * Flight: handles of shared objects on their way to another process.
 *
 * Idea    A handle in flight is a hard link to the object's file in a folder of its carrier (a pipe's, a queue's, a
 *         spawn's, a sharer's). The receiver attaches through the link and removes it. As long as the link is there,
 *         nobody removes the object; whoever removes the carrier removes the folder, and with it what nobody took.
 * States  folder/<random>      a handle
 *         folder/<random>.0    a pipe's end 0, in flight; its entry in the object says so too
 *         folder/alive         (a spawn's) locked by the open file that the child inherits: the carrier lives
 * Death   A sender killed before its message was published, or a receiver killed before it took the handle, leaves a
 *         link in the folder; it goes with the carrier. A pipe's end whose link is gone is closed, and its peer told.
 */
import { constants, mkdirSync, readdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { MismatchError, NotFoundError, SystemError } from "../errors.js";
import { freshName, removeIfLast } from "../memory/attachments.js";
import { FLIGHT } from "../memory/directory.js";
import { attachmentEntry } from "../memory/object.layout.js";
import { CLOSED, IN_FLIGHT, isOwner } from "../memory/owner.js";
import { openSegment, type Segment } from "../memory/segment.js";
import { registry } from "../memory/this-thread.js";
import { addon, check, ENOENT } from "../native/addon.js";
import { parker } from "../sync/parker.js";

export const flightFolder = (carrier: string): string => join(registry().directory, FLIGHT, carrier);

/** A spawn's or sharer's file whose lock says that the carrier lives. */
export const ALIVE_FILE = "alive";
const UNFINISHED = ".new-";

/** Where a carrier is made before it has its name; the name says by whom. */
export const unfinishedFolder = (carrier: string): string => flightFolder(`${UNFINISHED}${registry().self}-${carrier}`);

/** Who is making a carrier, if the folder of that name is not finished. */
export function makerOf(carrier: string): number | undefined {
  return carrier.startsWith(UNFINISHED) ? Number.parseInt(carrier.slice(UNFINISHED.length), 10) : undefined;
}

/** Links an object into a carrier's folder and gives the link's name. */
export function makeLink(folder: string, segment: Segment, end?: number): string {
  const link = freshName() + (end === undefined ? "" : `.${end}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SystemError(`${segment.label}: hand over: ${code}`, { cause, errno: code, syscall: "mkdir" });
  }
  if (segment.paths.some((path) => linkFile(segment, path, join(folder, link)))) return link;
  throw new NotFoundError(`${segment.label}: hand over, and its file is gone`, { resource: segment.name || undefined });
}

/** Links the object's file if it is at `path`: through a descriptor, because the name may become another object's. */
function linkFile(segment: Segment, path: string, link: string): boolean {
  const native = addon();
  const operation = `${segment.label}: hand over`;
  const fd = native.open(path, constants.O_RDONLY | constants.O_NOFOLLOW, 0);
  if (fd === ENOENT) return false;
  check(fd, "open", operation);
  try {
    const stat = new Float64Array(6);
    check(native.stat(fd, stat.buffer), "statx", operation);
    if (stat[2] !== segment.inode) return false;
    const linked = native.link(fd, link);
    return linked !== ENOENT && check(linked, "linkat", operation) >= 0;
  } finally {
    native.close(fd);
  }
}

/** Takes a link away whose handle stays with its sender, or was taken. */
export function removeLink(folder: string, link: string): void {
  rmSync(join(folder, link), { force: true });
}

/** Takes away a handle that nobody will take: a pipe's end closes, an object that nobody else holds goes. */
export function dropLink(folder: string, link: string): void {
  const path = join(folder, link);
  let segment: Segment;
  try {
    segment = openSegment(registry(), path, undefined, link);
  } catch (error) {
    // for want of descriptors or memory it stays: another sweep will see it
    if (error instanceof MismatchError) rmSync(path, { force: true });
    return;
  }
  try {
    unlinkSync(path);
    const end = /\.([01])$/.exec(basename(link));
    if (end) closeInFlight(segment, Number(end[1]));
    removeIfLast(segment);
    if (segment.find() === undefined) dropFolder(flightFolder(segment.id));
  } catch {
    // somebody else drops the same link
  } finally {
    segment.unmap();
  }
}

/** Removes a carrier's folder and drops what is left in it. */
export function dropFolder(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return; // nothing was ever sent along
  }
  for (const name of names) dropLink(folder, name);
  try {
    rmdirSync(folder);
  } catch {
    // somebody else was faster
  }
}

function closeInFlight(segment: Segment, end: number): void {
  const owner = (index: number): number => segment.entry(index) + attachmentEntry.word.owner;
  if (segment.words.compareExchange(owner(end), IN_FLIGHT, CLOSED) !== IN_FLIGHT) return;
  const peer = segment.words.load(owner(1 - end));
  if (isOwner(peer)) parker().wake(peer);
}
