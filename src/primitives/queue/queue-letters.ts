import type { Carried } from "../../carried.js";
import { NotFoundError } from "../../errors.js";
import type { Segment } from "../../memory/segment.js";
import type { Given } from "../handle.js";
import type { Queue } from "./queue.js";
import { deadLetterName, openAnyQueue } from "./queue-making.js";

/** Puts a dead letter, with what had come along with it, and says whether there was room for it. */
export type PutLetter = (value: unknown, headers?: Carried) => boolean;

/** Where a handle of a queue puts dead letters: a queue that it was given, else the one of which the queue has the name. */
export class QueueLetters {
  private opened: Queue<unknown> | undefined;

  constructor(
    private readonly segment: Segment,
    private readonly given: Queue<unknown> | undefined,
  ) {}

  /** How a dead letter is put, if there is anywhere to put it. */
  get put(): PutLetter | undefined {
    const letters = this.given ?? this.byName();
    if (letters === undefined) return undefined;
    if (letters.closed) return () => false; // the user closed it: whoever else has it may put them
    return letters.isShutDown ? undefined : (value, headers) => letters.state.putting.tryPut(value, 0, headers);
  }

  /** Has the dead letters handed over along with their queue. */
  handOver(queue: Given, give: (letters: Queue<unknown>) => Given): Given {
    const descriptor = { ...queue.descriptor, kind: "queue" };
    if (!this.given) return { ...queue, descriptor };
    let letters: Given;
    try {
      letters = give(this.given);
    } catch (error) {
      queue.undo();
      throw error;
    }
    return {
      descriptor: { ...descriptor, deadLetter: letters.descriptor },
      commit: (to) => {
        queue.commit(to);
        letters.commit(to);
      },
      undo: () => {
        letters.undo();
        queue.undo();
      },
    };
  }

  close(): void {
    this.opened?.close();
  }

  private byName(): Queue<unknown> | undefined {
    const name = deadLetterName(this.segment);
    if (name === "" || this.opened) return this.opened;
    try {
      this.opened = openAnyQueue(name);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    return this.opened;
  }
}
