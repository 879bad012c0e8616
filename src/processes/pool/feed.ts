import type { Carried } from "../../carried.js";
import type { RemoteFailure } from "../../rpc/remote-failure.js";
import type { Job } from "./job.js";
import type { Failures } from "./lane.layout.js";
import type { PoolTask } from "./pool-task.js";

/** How calls are made of what a feed gives: one of its arguments, one of each item, one of each list of arguments. */
export type How = "run" | "each" | "spread";

/**
 * What one call of `run`, `map` or `imap` gives a pool to do, piece by piece, and what is to become of the answers. The pool
 * draws from its feeds in turn.
 */
export interface Feed {
  readonly task: PoolTask;
  readonly how: How;
  /** Texts that go along with its calls. */
  headers?: Carried;
  /** How often a call is made again when its worker has died. */
  readonly retries: number;
  /** Shared objects or connections were seen in it: its calls go one by one, and only to workers with nothing to do. */
  hasHandles: boolean;
  /** Nobody waits for anything of it any more. */
  readonly isOver: boolean;
  /** Nothing more will be drawn of it. */
  readonly isSpent: boolean;
  /** How many jobs may be drawn now, as far as can be told: Infinity when there may be many. */
  readonly mayDraw: number;
  /** Whether nothing will ever come of it but by its consumer, who is slow or has gone away. */
  readonly isResting: boolean;
  /** The next piece, of at most so many calls; undefined when there is none now. */
  draw(mostCalls: number): Job | undefined;
  /** What the calls returned; of those in `failures` how they failed. `where` names the worker. */
  answer(job: Job, value: unknown, failures: RemoteFailure | Failures | undefined, where: string): void;
  /** All calls of a job have failed on this side. */
  fail(job: Job, error: unknown): void;
  /** Nothing more is drawn from it, and what asked for it fails with this. */
  abandon(error: unknown): void;
}
