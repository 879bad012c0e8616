/*
 * Attachments: who uses an object, and who removes it.
 *
 * Idea    An object has a table of owner words, one for each attached thread. The last one out removes the file; who
 *         died counts as out. Nothing is counted, so that a kill cannot make a count lie.
 * States  entry: 0 vacant, an owner word, or (an end of a pipe) 1 in flight, 2 closed.
 *         life: 0 live, 1 removed, or the owner word of the thread that is deciding about the name.
 * Order   joiner: entry, then life     remover: life, then entries. Both sequentially consistent, so that at least
 *         one of them sees the other: a joiner that finds the object removed steps back and looks again by name.
 *         A leaver vacates its entry before it tries for life; who holds life looks at the entries once more after
 *         letting it go, so that of two that leave at once one removes.
 * Death   A dead owner of life is replaced by compare-and-swap on its exact word, and what it had begun is finished: a
 *         name that is gone means removed, one that was taken away is noted. A file whose last holder was killed stays
 *         until a sweep, which is nothing but this decision taken by somebody else.
 * Limits  A handle in flight is a further link of the file: with one there, the object is not removed. Whoever needs a
 *         decision that another thread is taking looks again and again: it takes microseconds. A thread that is stopped
 *         in it makes that an error after seconds. A file goes only while it is this object's: a name that somebody has
 *         removed by hand may be another's by now.
 */
import { randomUUID } from "node:crypto";
import { renameSync, unlinkSync } from "node:fs";
import { now } from "../deadline.js";
import { NotFoundError, SystemError } from "../errors.js";
import { attachmentEntry, objectHeader } from "./object.layout.js";
import { isOwner, VACANT } from "./owner.js";
import type { Segment } from "./segment.js";

const LIVE = 0;
const REMOVED = 1;
const DECISION_MS = 2000;

/** Takes an entry for this thread and gives its index, or -1 when the object was just removed. */
export function join(segment: Segment): number {
  const { words, registry } = segment;
  for (let index = 0; index < segment.maxAttached; index++) {
    const word = segment.entry(index) + attachmentEntry.word.owner;
    const found = words.load(word);
    if (found !== VACANT && (!isOwner(found) || registry.isAlive(found))) continue;
    if (words.compareExchange(word, found, registry.self) !== found) continue;
    try {
      if (awaitDecision(segment, "attach")) return index;
    } catch (error) {
      words.store(word, VACANT);
      throw error;
    }
    words.store(word, VACANT);
    return -1;
  }
  throw new SystemError(
    `${segment.label}: attach, and its ${segment.maxAttached} places are taken (option maxAttached when it is made)`,
    { errno: "EAGAIN", resource: segment.name || undefined },
  );
}

/** Vacates an entry (or marks it closed) and removes the object if that was the last one. */
export function leave(segment: Segment, index: number, word = VACANT): void {
  segment.words.store(segment.entry(index) + attachmentEntry.word.owner, word);
  removeIfLast(segment);
}

export function anyoneAttached(segment: Segment): boolean {
  for (let index = 0; index < segment.maxAttached; index++) {
    const owner = segment.words.load(segment.entry(index) + attachmentEntry.word.owner);
    if (isOwner(owner) && segment.registry.isAlive(owner)) return true;
  }
  return false;
}

/** Removes the file when nobody holds the object, no handle of it is on its way, and it was not made to stay. */
export function removeIfLast(segment: Segment): boolean {
  if (isLeftByDead(segment)) awaitDecision(segment, "remove");
  while (!segment.persists && !anyoneAttached(segment)) {
    if (!takeLife(segment)) return false;
    const last = !anyoneAttached(segment) && segment.linksInFlight() <= 0;
    if (last) {
      removeFile(segment);
      segment.words.store(objectHeader.word.life, REMOVED); // publishes: removal
      return true;
    }
    segment.words.store(objectHeader.word.life, LIVE);
    if (segment.linksInFlight() > 0) return false;
  }
  return false;
}

/** Takes the name away: others no longer find it, holders keep it, and it goes with the last of them. */
export function unlinkName(segment: Segment): void {
  const { words } = segment;
  do {
    if (!awaitDecision(segment, "unlink")) throw alreadyGone(segment);
  } while (!takeLife(segment));
  try {
    const found = segment.isNamed ? segment.find() : undefined;
    if (found === undefined) throw alreadyGone(segment);
    renameSync(found.path, segment.anonymousPath);
    noteUnnamed(segment);
  } finally {
    words.store(objectHeader.word.life, LIVE);
  }
}

function noteUnnamed({ words }: Segment): void {
  words.store(objectHeader.word.persist, 0);
  words.store(objectHeader.word.named, 0);
}

function alreadyGone(segment: Segment): NotFoundError {
  return new NotFoundError(`${segment.label}: unlink, and it has no name any more`, { resource: segment.name });
}

/** Takes the right to decide, when nobody has it or who had it is dead. This thread never has it here: it is left over. */
function takeLife(segment: Segment): boolean {
  const { words, registry } = segment;
  const found = words.load(objectHeader.word.life);
  if (found === REMOVED || (found !== LIVE && found !== registry.self && registry.isAlive(found))) return false;
  if (words.compareExchange(objectHeader.word.life, found, registry.self) !== found) return false;
  return found === LIVE || finish(segment);
}

/** Finishes what a killed thread had begun; false when that was the removal. */
function finish(segment: Segment): boolean {
  const found = segment.find();
  if (found === undefined) {
    segment.words.store(objectHeader.word.life, REMOVED); // publishes: removal
    return false;
  }
  if (found.path === segment.anonymousPath) noteUnnamed(segment);
  return true;
}

const isLeftByDead = ({ words, registry }: Segment): boolean => {
  const life = words.load(objectHeader.word.life);
  return life !== LIVE && life !== REMOVED && (life === registry.self || !registry.isAlive(life));
};

/** Waits until nobody is deciding, and says whether the object is still there. */
function awaitDecision(segment: Segment, operation: string): boolean {
  const { words } = segment;
  for (let until = 0; ; ) {
    const life = words.load(objectHeader.word.life); // observes: removal
    if (life === LIVE) return true;
    if (life === REMOVED) return false;
    if (isLeftByDead(segment)) {
      if (takeLife(segment)) words.store(objectHeader.word.life, LIVE);
      continue;
    }
    if (until === 0) until = now() + DECISION_MS;
    else if (now() > until)
      throw new SystemError(
        `${segment.label}: ${operation}, and another thread (process ${segment.registry.pidOf(life)}) has been removing ` +
          `it or its name for ${DECISION_MS} ms; is it stopped?`,
        { errno: "EBUSY", resource: segment.name || undefined },
      );
  }
}

function removeFile(segment: Segment): void {
  try {
    const found = segment.find();
    if (found) unlinkSync(found.path);
  } catch {
    // somebody removed it by hand just now
  }
}

/** A name no other process thinks of: for links and folders of handles in flight. */
export const freshName = (): string => randomUUID().slice(0, 18).replaceAll("-", "");
