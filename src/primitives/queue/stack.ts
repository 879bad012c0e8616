import type { Place } from "../shared-object.js";
import { Queue } from "./queue.js";
import { makeQueue, openOrMakeQueue, openQueue, type QueueKind, registerQueue } from "./queue-making.js";
import type { QueueOptions } from "./queue-options.js";

/**
 * A {@link Queue} whose newest message goes first; one that is given back goes before all others. The idea is Python's
 * `queue.LifoQueue`, which only its threads share.
 *
 * @example
 * const undo = new Stack<string>();
 * undo.tryPut("typed a");
 * undo.tryPut("typed b");
 * console.log(undo.tryGet()); // typed b
 */
export class Stack<T = unknown> extends Queue<T> {
  /** @internal */
  static override get kind(): QueueKind {
    return { name: "Stack", discipline: "lifo" };
  }

  /** Makes a stack under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static override create<T = unknown>(name: string, options: QueueOptions = {}): Stack<T> {
    return new Stack<T>(makeQueue(Stack.kind, name, options), options.deadLetter);
  }

  /** Opens the stack of that name. @throws NotFoundError, MismatchError */
  static override open<T = unknown>(name: string, options: Pick<QueueOptions, "deadLetter"> = {}): Stack<T> {
    return new Stack<T>(openQueue(Stack.kind, name), options.deadLetter);
  }

  /** Opens the stack of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static override openOrCreate<T = unknown>(name: string, options: QueueOptions = {}): Stack<T> {
    return new Stack<T>(openOrMakeQueue(Stack.kind, name, options), options.deadLetter);
  }
}

registerQueue(Stack.kind, (place: Place, deadLetter) => new Stack(place, deadLetter));
