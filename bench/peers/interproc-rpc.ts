import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { attach, type Connection, expose, isMain, pipe, remote, share, spawn, task } from "interproc";
import { answer } from "../answer.js";
import { rpcApi } from "../rpc-api.js";
import type { RpcQuestion } from "../rpc-question.js";
import { type BenchedCalls, measureCalls } from "../rpc-rounds.js";

/* Ours: expose and remote over a pipe, to a process or to a thread. */
export const serving = task(import.meta, async function serving(conn: Connection): Promise<void> {
  await expose(conn, rpcApi).closed;
});

if (!isMainThread) await serving(attach(workerData as string) as Connection);
else if (isMain(import.meta)) answer<RpcQuestion>((question) => measureCalls(question, open(question)));

function open({ mode }: RpcQuestion): BenchedCalls {
  const [mine, theirs] = pipe();
  if (mode === "thread") new Worker(fileURLToPath(import.meta.url), { workerData: share(theirs) });
  else spawn(serving, [theirs]);
  const far = remote<typeof rpcApi>(mine);
  return {
    add: (a, b) => far.add(a, b),
    echo: (record) => far.echo(record),
    callBack: (fn) => far.callBack(fn),
    count: (length) => far.count(length),
    close: () => mine.close(),
  };
}
