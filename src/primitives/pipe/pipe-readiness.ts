import type { BlockingReadiness } from "../../sync/blocking-readiness.js";
import type { PipeReceiving } from "./pipe-receiving.js";

const yes = (): boolean => true;

/** When a receive from a pipe would not wait; a broken pipe's says so at once, with its error. */
export function pipeReadiness(into: PipeReceiving): BlockingReadiness {
  const isReady = (): boolean => {
    try {
      return into.wouldNotWait;
    } catch {
      return true; // the receive will throw it
    }
  };
  return {
    isReady,
    whenReady: (signal) =>
      into.receive(yes, "wait()", { signal }, yes).then(
        () => false,
        (error) => {
          if ((error as { code?: string })?.code === "ERR_INTERPROC_PROTOCOL") return true;
          throw error;
        },
      ),
    wait: (tell) =>
      into.readyWait(() => {
        if (!isReady()) return false;
        tell();
        return true;
      }),
    requireOthers: (operation) => into.requireOthers(operation),
  };
}

/** What has broken down already. */
export const brokenReadiness: BlockingReadiness = {
  isReady: yes,
  whenReady: () => Promise.resolve(true),
  wait: () => {
    throw new Error("a broken pipe is ready, and never waited for");
  },
  requireOthers: () => undefined,
};
