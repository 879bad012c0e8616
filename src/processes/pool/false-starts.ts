/** In a row: then it is no accident. */
const MOST = 3;
/** The same when somebody killed them: they may have been killed for no fault of theirs. */
const MOST_KILLED = 20;

/** Counts the workers in a row that ended before they were ready. */
export class FalseStarts {
  private count = 0;

  get areNone(): boolean {
    return this.count === 0;
  }

  get areMany(): boolean {
    return this.count >= MOST;
  }

  /** One more, that ended like this; whether they are too many. */
  add(how: string): boolean {
    return ++this.count >= (how.startsWith("signal") ? MOST_KILLED : MOST);
  }

  forget(): void {
    this.count = 0;
  }
}
