import { setImmediate as turn } from "node:timers/promises";
import { type Batch, batches } from "./batches.js";
import { type PassedOver, walk } from "./walk.js";

/** How long the walk may go on before the event loop has its turn. */
const SLICE_MS = 2;

/** The batches that nobody was given yet. They are found on demand, or ahead of it while there is time. */
export class Backlog {
  /** All that were found, by number. */
  readonly all: Batch[] = [];
  readonly passed: PassedOver = { links: 0, specials: 0, unreadable: [] };
  filesFound = 0;
  isWalked = false;
  private readonly source: Generator<Batch, void>;
  /** How many of them were given out. */
  private given = 0;

  constructor(folder: string) {
    this.source = batches(walk(folder, this.passed));
  }

  /** Whether there is one more; walks on to find out, if need be. */
  hasMore(): boolean {
    if (this.given === this.all.length) this.find();
    return this.given < this.all.length;
  }

  next(): Batch | undefined {
    return this.hasMore() ? this.all[this.given++] : undefined;
  }

  /** Walks on in small slices, so that the number of files is known before they are done. */
  async lookAhead(onFound: () => void, signal: AbortSignal): Promise<void> {
    while (!this.isWalked && !signal.aborted) {
      const until = performance.now() + SLICE_MS;
      while (!this.isWalked && performance.now() < until) this.find();
      onFound();
      await turn();
    }
  }

  private find(): void {
    if (this.isWalked) return;
    const { value } = this.source.next();
    if (!value) {
      this.isWalked = true;
      return;
    }
    this.all.push(value);
    this.filesFound += value.paths.length;
  }
}
