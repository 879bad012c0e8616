import type { Wait } from "./wait.js";

/** Where a wait stands. One that has left still knows who stood before it, so that whoever goes along the line gets on. */
export interface WaitPlace {
  readonly wait: Wait;
  before: WaitPlace | undefined;
  behind: WaitPlace | undefined;
  isLeft: boolean;
}

const END = { done: true, value: undefined } as const;

/**
 * Waits in the order in which they came; one may leave while the line is gone along, and one that comes meanwhile is met. It is no Set,
 * because the table of a Set that has lived for long grows anew among V8's old objects, every few times that something comes and
 * goes, and each time V8 looks whether to mark the whole heap (decision 33).
 */
export class WaitLine implements Iterable<Wait> {
  size = 0;
  private first: WaitPlace | undefined;
  private last: WaitPlace | undefined;

  /** Nothing changes for one that is in it. */
  add(wait: Wait): void {
    if (wait.place) return;
    const place: WaitPlace = { wait, before: this.last, behind: undefined, isLeft: false };
    if (this.last) this.last.behind = place;
    else this.first = place;
    this.last = wait.place = place;
    this.size++;
  }

  /** False: it was not in it. */
  delete(wait: Wait): boolean {
    const { place } = wait;
    if (!place) return false;
    const { before, behind } = place;
    if (before) before.behind = behind;
    else this.first = behind;
    if (behind) behind.before = before;
    else this.last = before;
    place.isLeft = true;
    wait.place = undefined;
    this.size--;
    return true;
  }

  [Symbol.iterator](): Iterator<Wait, undefined> {
    let at: WaitPlace | undefined;
    return {
      next: () => {
        while (at?.isLeft) at = at.before; // all behind that one are those that were not met yet
        at = at ? at.behind : this.first;
        return at ? { done: false, value: at.wait } : END;
      },
    };
  }
}
