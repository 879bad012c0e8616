// Shares one end of a pipe, tells the string on the other channel it has, and waits to be killed.
import { type Connection, pipe, share, task } from "interproc";

export const sharing = task(import.meta, async function sharing(tell: Connection<unknown>) {
  const [kept, shared] = pipe();
  await tell.send([share(shared), kept]);
  await tell.recv();
});
