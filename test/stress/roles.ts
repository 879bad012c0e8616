// The processes of a kill run: victims, one for each kill, and partners, which survive them one after another.
import { readdirSync } from "node:fs";
import { type Connection, task } from "interproc";
import { type Plan, receiveAll, sendAll } from "./parties.js";
import { type Account, Progress } from "./progress.js";

export type Role = "sender" | "receiver";

export interface Assignment {
  readonly role: Role;
  readonly end: Connection;
  readonly plan: Plan;
}

export interface Report extends Account {
  /** The code of the error that ended it; it should be the pipe's end. */
  readonly endedBy: string;
  /** Monotonic milliseconds, the same clock in all processes. */
  readonly endedAt: number;
  readonly descriptors: number;
}

const play = ({ role, end, plan }: Assignment, record: (account: Account) => void): Promise<void> =>
  role === "sender" ? sendAll(end, plan, record) : receiveAll(end, plan, record);

export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export const victim = task(import.meta, async function victim(assignment: Assignment, path: string) {
  const progress = new Progress(path);
  process.stdout.write("begun\n");
  await play(assignment, (account) => progress.record(account));
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
    const record = (latest: Account): void => {
      account = latest;
    };
    const endedBy = await play(assignment, record).then(
      () => "the end of file",
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
    await report(account, endedBy);
    assignment.end.close();
  }
});
