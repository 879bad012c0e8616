import type { Place } from "../shared-object.js";
import { permits, Semaphore, type SemaphoreOptions } from "./semaphore.js";
import { semaphoreLayout } from "./sync.layout.js";
import { makeSync, openOrCreateSync, openSync, registerSync } from "./sync-object.js";

/**
 * A {@link Semaphore} that never has more permits than it began with: giving back what one does not have is a
 * UsageError, because it is mostly a mistake. The idea is Python's `multiprocessing.BoundedSemaphore`.
 *
 * @example
 * const slots = new BoundedSemaphore(1);
 * slots.acquireSync();
 * slots.release();
 * try {
 *   slots.release();
 * } catch (error) {
 *   console.log((error as Error).name); // UsageError
 * }
 */
export class BoundedSemaphore extends Semaphore {
  /**
   * Makes a semaphore of `count` permits (1 when left out) that others get by being handed it.
   *
   * @throws UsageError for a count that is not 0 to 2,147,483,647; SystemError when the memory is not there
   */
  constructor(count?: number, options?: Omit<SemaphoreOptions, "persist">);
  /** @internal */
  constructor(place: Place);
  constructor(from: number | Place = 1, options: SemaphoreOptions = {}) {
    super(from as Place, options, boundedClass);
  }

  /** Makes a semaphore under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static override create(name: string, count = 1, options: SemaphoreOptions = {}): BoundedSemaphore {
    const initialise = permits(count, options, "BoundedSemaphore.create()");
    return new BoundedSemaphore(makeSync(boundedClass, name, options, initialise));
  }

  /** Opens the semaphore of that name. @throws NotFoundError, MismatchError */
  static override open(name: string): BoundedSemaphore {
    return new BoundedSemaphore(openSync(boundedClass, name));
  }

  /** Opens the semaphore of that name, or makes it with `count`. @throws MismatchError, UsageError, SystemError */
  static override openOrCreate(name: string, count = 1, options: SemaphoreOptions = {}): BoundedSemaphore {
    const initialise = permits(count, options, "BoundedSemaphore.openOrCreate()");
    return new BoundedSemaphore(openOrCreateSync(boundedClass, name, options, initialise));
  }
}

const boundedClass = registerSync({
  name: "BoundedSemaphore",
  layout: semaphoreLayout,
  at: (place) => new BoundedSemaphore(place),
});
