import { type Connection, EOFError, task } from "../../index.js";

/** Sends back what comes, blocking: the round trip wakes this process by futex and the other one by its loop's FIFO. */
export const echo = task(import.meta, function echo(connection: Connection<number, number>): void {
  try {
    for (;;) connection.sendSync(connection.recvSync());
  } catch (error) {
    if (!(error instanceof EOFError)) throw error;
  }
});
