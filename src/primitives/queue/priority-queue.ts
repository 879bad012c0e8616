import { UsageError } from "../../errors.js";
import type { Place } from "../shared-object.js";
import { Queue } from "./queue.js";
import { makeQueue, openOrMakeQueue, openQueue, type QueueKind, registerQueue } from "./queue-making.js";
import type { PutOptions, QueueOptions } from "./queue-options.js";

/**
 * A {@link Queue} whose smallest priority goes first, and among equals the one that was put first:
 * `put(value, { priority })`, 0 when it is left out, any finite number. A message that is given back keeps its priority
 * and goes before its equals. Putting takes longer the more messages of a smaller priority are ready. The idea is Python's
 * `queue.PriorityQueue`, which only its threads share.
 *
 * @example
 * const jobs = new PriorityQueue<string>();
 * jobs.tryPut("later", { priority: 5 });
 * jobs.tryPut("first", { priority: -1 });
 * console.log(jobs.tryGet()); // first
 */
export class PriorityQueue<T = unknown> extends Queue<T> {
  /** @internal */
  static override get kind(): QueueKind {
    return { name: "PriorityQueue", discipline: "priority" };
  }

  /** Makes a queue under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static override create<T = unknown>(name: string, options: QueueOptions = {}): PriorityQueue<T> {
    return new PriorityQueue<T>(makeQueue(PriorityQueue.kind, name, options), options.deadLetter);
  }

  /** Opens the queue of that name. @throws NotFoundError, MismatchError */
  static override open<T = unknown>(name: string, options: Pick<QueueOptions, "deadLetter"> = {}): PriorityQueue<T> {
    return new PriorityQueue<T>(openQueue(PriorityQueue.kind, name), options.deadLetter);
  }

  /** Opens the queue of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static override openOrCreate<T = unknown>(name: string, options: QueueOptions = {}): PriorityQueue<T> {
    return new PriorityQueue<T>(openOrMakeQueue(PriorityQueue.kind, name, options), options.deadLetter);
  }

  /** @internal */
  protected override priorityOf(options: PutOptions | undefined): number {
    const priority = options?.priority ?? 0;
    if (typeof priority !== "number" || !Number.isFinite(priority))
      throw new UsageError(`${this.label}: put() with priority ${String(priority)}; allowed: finite numbers`);
    return priority;
  }
}

registerQueue(PriorityQueue.kind, (place: Place, deadLetter) => new PriorityQueue(place, deadLetter));
