import { ownerWord } from "#src/memory/owner.js";
import { Words } from "#src/memory/words.js";
import type { Seat } from "#src/sync/seat.js";

export class Killed extends Error {}

/** Words that kill who uses them at the access of that number; then every further one does. */
class MortalWords extends Words {
  left = Number.POSITIVE_INFINITY;

  override load(index: number): number {
    return this.step(() => super.load(index));
  }
  override store(index: number, value: number): void {
    this.step(() => super.store(index, value));
  }
  override peek(index: number): number {
    return this.step(() => super.peek(index));
  }
  override poke(index: number, value: number): void {
    this.step(() => super.poke(index, value));
  }
  override add(index: number, value: number): number {
    return this.step(() => super.add(index, value));
  }
  override compareExchange(index: number, expected: number, value: number): number {
    return this.step(() => super.compareExchange(index, expected, value));
  }

  private step<T>(access: () => T): T {
    if (this.left-- <= 0) throw new Killed();
    return access();
  }
}

/** A table in ordinary memory at which parties sit, all in this thread, each of which can be killed at any access. */
export class Table {
  readonly memory: Int32Array;
  readonly dead = new Set<number>();
  private waiting = 0;

  constructor(
    bytes: number,
    readonly seats = 4,
  ) {
    this.memory = new Int32Array(bytes / 4);
  }

  seat(index: number): Seat & { words: MortalWords } {
    const self = ownerWord(index, 1);
    const bit = 1 << index;
    return {
      words: new MortalWords(this.memory),
      self,
      index,
      maxAttached: this.seats,
      ownerAt: (at) => ownerWord(at, 1),
      isAlive: (owner) => !this.dead.has(owner),
      wake: () => true,
      armed: () => this.mark(bit, true),
      announce: () => this.mark(bit, true),
      disarmed: () => this.mark(bit, false),
      waitingBits: () => this.waiting,
      clearWaiting: (at) => this.mark(1 << at, false),
    };
  }

  private mark(bit: number, waits: boolean): void {
    this.waiting = waits ? this.waiting | bit : this.waiting & ~bit;
  }
}

/**
 * Runs `work` again and again in a fresh world, each time killing seat 0 one access later, until it lives to the end;
 * after each death `check` looks at what is left. Gives how many deaths there were.
 */
export function killedAtEveryAccess<World extends { table: Table; victim: { words: MortalWords; self: number } }>(
  make: () => World,
  work: (world: World) => void,
  check: (world: World, isDone: boolean) => void,
): number {
  for (let deaths = 0; ; deaths++) {
    const world = make();
    world.victim.words.left = deaths;
    let isDone = true;
    try {
      work(world);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      isDone = false;
    }
    world.victim.words.left = 0;
    world.table.dead.add(world.victim.self);
    check(world, isDone);
    if (isDone) return deaths;
  }
}
