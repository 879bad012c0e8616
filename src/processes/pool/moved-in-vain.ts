import { toldWhere } from "../../codec/told-where.js";
import { AbandonedError } from "../../errors.js";
import type { Job } from "./job.js";

/**
 * What becomes of a call that cannot be given to another worker, because a connection's end went with the one that had it;
 * of any other one the error stays, in words that fit what the caller gave.
 */
export function movedInVain({ feed, first, isOneCall, isAgain, deaths }: Job, error: unknown): unknown {
  const task = `task ${JSON.stringify(feed.task.name)}`;
  if (!(isAgain || deaths > 0) || (error as { code?: string }).code !== "ERR_INTERPROC_CLOSED")
    return isOneCall
      ? toldWhere(error, "value[2]", "arguments", `pool: a call of ${task}`)
      : toldWhere(error, "value[2][0]", `items[${first}]`, `pool: a call of ${task}`);
  const what = `the worker that had been given a call of ${task} ended`;
  return new AbandonedError(`pool: ${what}, and the connection that moved to it cannot be given again`, {
    cause: error,
  });
}
