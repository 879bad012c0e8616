import { describeFailure, failureOf, restoreFailure } from "./remote-failure.js";

type Operate = (operation: unknown, detail?: unknown) => unknown;

/** A writable stream of this side, as the other side writes into it. */
export interface Sink {
  readonly operate: Operate;
  /** Nobody writes into it any more; `error`: because the session is over. */
  letGo(error: Error | undefined): void;
}

/** What the other side calls to write into a stream of this one. The stream is locked from the first write on. */
export function sinkOf(stream: WritableStream): Sink {
  let writer: WritableStreamDefaultWriter | undefined;
  let isOver = false;
  return {
    operate: async (operation, detail) => {
      writer ??= stream.getWriter();
      await writer.ready;
      if (operation === "write") return void (await writer.write(detail));
      isOver = true;
      if (operation === "close") await writer.close();
      else await writer.abort(restoreFailure(failureOf(detail), "the other side's stream"));
    },
    letGo: (error) => {
      if (isOver) return;
      isOver = true;
      if (error) void (writer ?? stream).abort(error).catch(() => undefined);
      else writer?.releaseLock();
    },
  };
}

/** The writable stream of the other side, on this one: a write resolves when it was written there. */
export function writableBy(operate: Operate): WritableStream {
  return new WritableStream({
    write: async (chunk) => void (await operate("write", chunk)),
    close: async () => void (await operate("close")),
    abort: async (reason) => void (await operate("abort", describeFailure(reason))),
  });
}
