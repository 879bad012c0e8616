import { type Connection, type Queue, task } from "interproc";

/** Sends so many numbered messages, with a turn of the loop between them, and ends. */
export const writeSlowly = task(import.meta, async function writeSlowly(conn: Connection, count: number) {
  for (let i = 0; i < count; i++) {
    await conn.send(i);
    await new Promise((resolve) => setTimeout(resolve, i % 3));
  }
});

/** Waits for a queue until it is killed or told over. */
export const getOne = task(import.meta, async function getOne(queue: Queue<string>, ready: Connection) {
  const got = queue.get();
  await ready.send("waiting");
  return got;
});

/** Does nothing until the connection ends. */
export const restUntil = task(import.meta, async function restUntil(conn: Connection) {
  await conn.send("here");
  await conn.recv().catch(() => undefined);
});
