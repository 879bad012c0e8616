import type { AsyncConnection } from "./channel.js";

/** What a connection receives, as a Web Stream: pulled one message at a time, so that back-pressure reaches the peer. */
export function readableOf<In>(
  connection: AsyncConnection<never, In> | AsyncConnection<unknown, In>,
): ReadableStream<In> {
  return new ReadableStream<In>(
    {
      async pull(controller) {
        try {
          controller.enqueue(await connection.recv());
        } catch (error) {
          if ((error as { code?: string }).code === "ERR_INTERPROC_EOF") controller.close();
          else throw error;
        }
      },
      cancel: () => connection.close(),
    },
    { highWaterMark: 0 },
  );
}

/** A Web Stream whose chunks a connection sends, one at a time. */
export function writableOf<Out>(connection: Pick<AsyncConnection<Out>, "send" | "close">): WritableStream<Out> {
  return new WritableStream<Out>({
    write: (chunk) => connection.send(chunk),
    close: () => connection.close(),
    abort: () => connection.close(),
  });
}
