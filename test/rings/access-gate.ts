/** What a party is stopped with where it is killed; whatever it still tries, in a `finally` too, throws this again. */
export class Killed extends Error {
  constructor() {
    super("killed here");
  }
}

export type Access = "load" | "store" | "read" | "write";

/**
 * Told of every access of a party just before it is made: of control words with their index and the value to be stored,
 * of the ring's bytes with their offset and number.
 */
export type Watch = (access: Access, at: number, extent: number) => void;

/**
 * What all accesses of one party to shared memory go through. Counts them (the first is number 1), kills the party just
 * before one of them, lets others do something just before one of them, ends what would never end.
 */
export class AccessGate {
  count = 0;
  killAt = 0;
  /** Just before this access {@link interlude} runs; 0 for none. */
  interludeAt = 0;
  interlude: () => void = () => undefined;
  /** One access more is an error: the party is in an endless loop. */
  most = 1_000_000;
  private readonly watches: Watch[];
  private isDead = false;

  constructor(...watches: Watch[]) {
    this.watches = watches;
  }

  pass(access: Access, at: number, extent: number): void {
    if (this.isDead) throw new Killed();
    const number = ++this.count;
    if (number === this.killAt) {
      this.isDead = true;
      throw new Killed();
    }
    if (number === this.interludeAt) this.interlude();
    if (number > this.most) throw new Error(`more than ${this.most} accesses to shared memory`);
    for (const watch of this.watches) watch(access, at, extent);
  }
}
