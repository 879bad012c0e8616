import type { TimeoutError } from "../../errors.js";
import type { RemoteFailure } from "../../rpc/remote-failure.js";
import type { Job } from "./job.js";
import type { Lane } from "./lane.js";
import type { PoolTask } from "./pool-task.js";

/** What a lane tells its pool. */
export interface LaneHost {
  ready(lane: Lane): void;
  /** The initializer failed: there will be no worker. */
  notReady(lane: Lane, failure: RemoteFailure): void;
  /** It is to be given in another way: one by one, to somebody with nothing to do. */
  putBack(job: Job): void;
  /** It could not be encoded, or not all of it; it was not sent. */
  unsendable(job: Job, error: unknown): void;
  unloadable(task: PoolTask, failure: RemoteFailure, where: string): void;
  answered(lane: Lane): void;
  /** It is not ready, or through with an import, in time: it is to be killed. */
  tooSlow(lane: Lane, error: TimeoutError, task: PoolTask | undefined): void;
  /** Something can be given. */
  pump(): void;
  /** The worker is gone. `begun` had begun and not ended, `untouched` had not begun. */
  gone(lane: Lane, begun: readonly Job[], untouched: readonly Job[], step: number): void;
}
