import type { Feed } from "./feed.js";
import { TO_WORKER, type ToWorker } from "./lane.layout.js";

/** A piece of work: one message to one worker. */
export class Job {
  /** The number of its message in its lane, once it was sent. */
  number = -1;
  /** Whoever asked for it does not want it any more. */
  isStopped = false;
  /** It was given to a worker that has ended. */
  isAgain = false;

  constructor(
    readonly feed: Feed,
    /** The arguments of one call, or an item or a list of arguments for each of several. */
    readonly payload: readonly unknown[],
    /** Which item of the feed the first one is. */
    readonly first = 0,
    /** How often it was begun by workers that died. */
    readonly deaths = 0,
  ) {}

  get isOneCall(): boolean {
    return this.feed.how === "run";
  }

  /** How many calls it is. */
  get calls(): number {
    return this.isOneCall ? 1 : this.payload.length;
  }

  /** Milliseconds that it will take, as far as can be told. */
  get expectedMs(): number {
    return this.calls * (this.feed.task.callMs ?? Number.POSITIVE_INFINITY);
  }

  /** Makes the message that it is to a worker. */
  toMessage(): ToWorker {
    const { task, how, headers } = this.feed;
    const kind = TO_WORKER[how] | (task.isToBeTimed(this.calls) ? TO_WORKER.timed : 0);
    return headers ? [kind, task.index, this.payload, headers] : [kind, task.index, this.payload];
  }

  /** The calls [from…to) of it by themselves. */
  part(from: number, to: number, deaths = this.deaths): Job {
    const payload = this.isOneCall ? this.payload : this.payload.slice(from, to);
    return new Job(this.feed, payload, this.first + from, deaths);
  }
}
