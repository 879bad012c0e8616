// The processes of a kill run: victims, one for each kill, and partners, which survive them one after another.
import { readdirSync } from "node:fs";
import { type Connection, task } from "interproc";
import { monotonicMs } from "./monotonic-ms.js";
import { type Plan, receiveAll, sendAll } from "./parties.js";
import { type Account, Progress } from "./progress.js";

export type Role = "sender" | "receiver";

export interface Assignment {
  readonly role: Role;
  readonly end: Connection;
  readonly plan: Plan;
  /** Where a partner keeps its account as well, because it is to be killed. */
  readonly path?: string;
}

/** What a worker thread is told that is to end itself: that it is due, and it says when it does, in monotonic ms. */
export interface Sentence {
  readonly isDue: Int32Array;
  readonly doneAt: Float64Array;
}

export interface Report extends Account {
  /** The code of the error that ended it; it should be the pipe's end. */
  readonly endedBy: string;
  /** Monotonic milliseconds, the same clock in all processes. */
  readonly endedAt: number;
  readonly descriptors: number;
}

export const play = ({ role, end, plan }: Assignment, record: (account: Account) => void): Promise<void> =>
  role === "sender" ? sendAll(end, plan, record) : receiveAll(end, plan, record);

export const victim = task(import.meta, async function victim(assignment: Assignment, path: string) {
  const progress = new Progress(path);
  process.stdout.write("begun\n");
  await play(assignment, (account) => progress.record(account)).catch((error: { code?: string }) => {
    if (error.code !== "ERR_INTERPROC_BROKEN_PIPE" && error.code !== "ERR_INTERPROC_EOF") throw error; // its partner was killed first
  });
});

export const partner = task(import.meta, async function partner(orders: Connection<Report, Assignment>) {
  const nothing: Account = { started: 0, finished: 0 };
  const report = (account: Account, endedBy: string): Promise<void> => {
    const descriptors = readdirSync("/proc/self/fd").length;
    return orders.send({ ...account, endedBy, endedAt: monotonicMs(), descriptors });
  };
  await report(nothing, "having begun");
  for await (const assignment of orders) {
    let account = nothing;
    const progress = assignment.path === undefined ? undefined : new Progress(assignment.path);
    const record = (latest: Account): void => {
      account = latest;
      progress?.record(latest);
    };
    const endedBy = await play(assignment, record).then(
      () => "the end of file",
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
    progress?.close();
    await report(account, endedBy);
    assignment.end.close();
  }
});
