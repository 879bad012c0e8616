import { attachmentEntry } from "#src/memory/object.layout.js";
import { isOwner } from "#src/memory/owner.js";
import type { Segment } from "#src/memory/segment.js";
import { parker } from "#src/sync/parker.js";
import type { Wait } from "#src/sync/wait.js";

/** Waits until a word of an object's body is as wanted, by the protocol that the parker's essay describes. */
export class WordWait implements Wait {
  armed = 0;
  rechecks = 0;

  constructor(
    private readonly segment: Segment,
    private readonly index: number,
    private readonly word: number,
    private readonly isSo: (value: number) => boolean,
    readonly holdsLoop = true,
    private readonly isDone: () => void = () => undefined,
  ) {}

  attempt(): boolean {
    if (!this.isSo(wordOf(this.segment, this.word))) return false;
    this.isDone();
    return true;
  }

  arm(): void {
    this.armed++;
    this.segment.words.or(this.segment.waiting, 1 << this.index);
  }

  disarm(): void {
    if (this.armed > 0) this.segment.words.and(this.segment.waiting, ~(1 << this.index));
    this.armed = 0;
  }

  recheck(): void {
    this.rechecks++;
  }

  peers(): readonly number[] {
    return ownersOf(this.segment).filter((owner, index) => index !== this.index && isOwner(owner));
  }
}

/** Ends with the process of a peer, as a pipe's wait does. */
export class DeathWait extends WordWait {
  constructor(segment: Segment, index: number, peer: number, isDone?: () => void) {
    super(segment, index, 0, () => !segment.registry.isAlive(peer), true, isDone);
  }
}

/** Waits in the event loop. */
export function inLoop(segment: Segment, index: number, word: number, isSo: (value: number) => boolean): Promise<void> {
  return new Promise((resolve) => parker().start(new WordWait(segment, index, word, isSo, true, resolve)));
}

export const wordOf = (segment: Segment, word: number): number => segment.words.load(segment.bodyOffset / 4 + word);

/** The owner words of all places. */
export const ownersOf = (segment: Segment): number[] =>
  Array.from({ length: segment.maxAttached }, (_, index) =>
    segment.words.load(segment.entry(index) + attachmentEntry.word.owner),
  );

/** Publishes, and then wakes whoever waits; without the second half as one that is killed in between. */
export function setWord(segment: Segment, word: number, value: number, wakes = true): void {
  segment.words.store(segment.bodyOffset / 4 + word, value);
  if (!wakes) return;
  const waiting = segment.words.load(segment.waiting);
  for (const [index, owner] of ownersOf(segment).entries())
    if (waiting & (1 << index) && isOwner(owner)) parker().wake(owner);
}
