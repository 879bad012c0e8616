// Tasks that use the ends of pipes they are given.
import { type Connection, pipe, spawn, task } from "interproc";

export const greeting = task(import.meta, async function greeting(connection: Connection<string>, text: string) {
  await connection.send(text);
});

export const echoing = task(import.meta, async function echoing(connection: Connection) {
  for await (const message of connection) await connection.send(message);
  return "the other end closed";
});

export const holding = task(import.meta, async function holding(connection: Connection, ready: Connection<string>) {
  await ready.send("ready");
  await ready.recv().catch(() => undefined);
  return connection.closed;
});

/** Gives back one end of a new pipe and keeps sending on the other one. */
export const supplying = task(import.meta, async function supplying(count: number) {
  const [mine, theirs] = pipe<number>({ capacity: 4096 });
  void (async () => {
    for (let i = 0; i < count; i++) await mine.send(i);
    mine.close();
  })();
  return theirs;
});

/** Hands its end to a child of its own, that one to a further one … and the last of them says who it is. */
export const relay = task(import.meta, async function passingOn(connection: Connection, hops: number): Promise<number> {
  if (hops > 0) return 1 + (await spawn(relay, [connection, hops - 1]).result());
  await connection.send(process.pid);
  return 0;
});

/** Sends for ever, until nobody reads any more. */
export const flooding = task(import.meta, async function flooding(connection: Connection<number>) {
  for (let i = 0; ; i++) await connection.send(i);
});
