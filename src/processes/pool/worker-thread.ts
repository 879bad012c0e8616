import { Worker as NodeWorker } from "node:worker_threads";
import { packageFile } from "../../native/package-file.js";
import { pipe } from "../../primitives/pipe/pipe.js";
import { attach, share } from "../share.js";
import { type Task, taskName } from "../task.js";
import type { ThreadErrand } from "./thread-main.js";
import type { StartWorker } from "./worker.js";

/** Starts workers as threads of this process. */
export function workerThreads(
  initializer: Task<never[], unknown> | undefined,
  initArgs: readonly unknown[],
  options: { readonly env?: NodeJS.ProcessEnv | undefined; readonly execArgv?: readonly string[] | undefined },
  nextName: () => string,
): StartWorker {
  const order = initializer ? { initializer: taskName(initializer, "new Pool({ initializer })") } : {};
  return (lane, slots) => {
    const name = nextName();
    const errand: ThreadErrand = { lane: share(lane), slots: share(slots), order, initArgs: boxed(initArgs) };
    const thread = new NodeWorker(packageFile("processes/pool/thread-main.js"), {
      workerData: errand,
      name,
      ...(options.env && { env: options.env }),
      ...(options.execArgv && { execArgv: [...options.execArgv] }),
    });
    thread.unref();
    let failure = "";
    thread.on("error", (error) => {
      failure = `, after an uncaught ${String(error)}`;
    });
    return {
      pid: process.pid,
      label: `thread ${thread.threadId} (${name})`,
      ended: new Promise((resolve) =>
        thread.once("exit", (code) => {
          for (const ticket of [errand.lane, errand.slots, errand.initArgs]) if (ticket) takeBack(ticket);
          resolve(`code ${code}${failure}`);
        }),
      ),
      kill: () => void thread.terminate(),
      ref: () => thread.ref(),
    };
  };
}

/** What a thread did not live to take is still this one's, and would lie there as long as this process lives. */
function takeBack(ticket: string): void {
  try {
    attach<Disposable & { close(): void }>(ticket).close();
  } catch {
    // it was taken
  }
}

/** Arguments may have shared objects in them: they go through a pipe of their own. */
function boxed(args: readonly unknown[]): string | undefined {
  if (args.length === 0) return undefined;
  const [reader, writer] = pipe<never, readonly unknown[]>({ duplex: false, capacity: 2 ** 20 });
  void writer.send(args).then(
    () => writer.close(),
    () => writer.close(),
  );
  return share(reader);
}
