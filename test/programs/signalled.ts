// A task that waits in every way while signals come, and says what it got and how many signals were handled.
import { type Connection, type Lock, type Queue, type SharedEvent, task, wait, waitSync } from "interproc";

export interface Waited {
  readonly conn: Connection<string, string>;
  readonly queue: Queue<string>;
  readonly lock: Lock;
  readonly event: SharedEvent;
}

export const waitThrough = task(import.meta, async function waitThrough({ conn, queue, lock, event }: Waited) {
  let handled = 0;
  process.on("SIGUSR2", () => {
    handled++;
  });
  const said = (what: string): void => conn.sendSync(what);
  said("recvSync");
  const got: unknown[] = [conn.recvSync()];
  said("getSync");
  got.push(queue.getSync());
  said("acquireSync");
  lock.acquireSync().release();
  said("waitSync");
  event.waitSync();
  event.clear();
  said("waitSync of several");
  got.push(waitSync([queue, event]).length);
  event.clear();
  said("recv");
  got.push(await conn.recv());
  said("get");
  got.push(await queue.get());
  said("acquire");
  (await lock.acquire()).release();
  said("wait");
  got.push((await wait([queue, event])).length);
  said("sendSync");
  const long = "x".repeat(50_000);
  for (let n = 0; n < 4; n++) conn.sendSync(long);
  said("send");
  for (let n = 0; n < 4; n++) await conn.send(long);
  while (handled === 0) await new Promise(setImmediate);
  return got;
});
