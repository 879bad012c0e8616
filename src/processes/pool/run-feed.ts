import type { Carried } from "../../carried.js";
import { type RemoteFailure, restoreFailure } from "../../rpc/remote-failure.js";
import type { Feed } from "./feed.js";
import { Job } from "./job.js";
import type { Failures } from "./lane.layout.js";
import type { PoolTask } from "./pool-task.js";

/** One call. */
export class RunFeed implements Feed {
  readonly how = "run";
  readonly isResting = false;
  readonly promise: Promise<unknown>;
  isOver = false;
  hasHandles = false;
  headers?: Carried;
  private resolve: (value: unknown) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private job: Job | undefined;

  constructor(
    readonly task: PoolTask,
    args: readonly unknown[],
    readonly retries: number,
  ) {
    this.job = new Job(this, args);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get isSpent(): boolean {
    return this.job === undefined;
  }

  get mayDraw(): number {
    return this.job ? 1 : 0;
  }

  draw(): Job | undefined {
    const { job } = this;
    this.job = undefined;
    return job;
  }

  answer(_: Job, value: unknown, failures: RemoteFailure | Failures | undefined, where: string): void {
    if (failures) return this.abandon(restoreFailure(failures as RemoteFailure, where));
    this.isOver = true;
    this.resolve(value);
  }

  fail(_: Job, error: unknown): void {
    this.abandon(error);
  }

  abandon(error: unknown): void {
    this.isOver = true;
    this.job = undefined;
    this.reject(error);
  }
}
