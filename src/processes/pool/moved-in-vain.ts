import { AbandonedError } from "../../errors.js";
import type { Job } from "./job.js";

/**
 * What becomes of a call that cannot be given to another worker, because a connection's end went with the one that had it;
 * of any other one the error stays.
 */
export function movedInVain({ feed, isAgain, deaths }: Job, error: unknown): unknown {
  if (!(isAgain || deaths > 0) || (error as { code?: string }).code !== "ERR_INTERPROC_CLOSED") return error;
  const what = `the worker that had been given a call of task ${JSON.stringify(feed.task.name)} ended`;
  return new AbandonedError(`pool: ${what}, and the connection that moved to it cannot be given again`, {
    cause: error,
  });
}
