// Spawns children of the kinds named on the command line, prints their pids once each of them runs, and waits.
import { type Connection, currentProcess, isMain, pipe, spawn, task } from "interproc";

export const member = task(import.meta, async function member(tell: Connection<number>, kind: string) {
  if (kind === "parent") return await raise(["waiting", "busy"], tell);
  await tell.send(process.pid);
  if (kind === "busy") for (;;);
  if (kind === "observing") return await observe();
  setInterval(() => undefined, 2 ** 30);
});

/** Prints when the parent is gone. */
async function observe(): Promise<void> {
  const { parent } = currentProcess();
  console.log(`parent alive: ${parent?.isAlive}`);
  while (parent?.isAlive) await new Promise((resolve) => setTimeout(resolve, 5));
  console.log(`parent alive: ${parent?.isAlive}`);
}

/** Starts one of each kind and tells the pids: a parent's is followed by those of its children. */
async function raise(kinds: string[], tell?: Connection<number>): Promise<void> {
  const pids = [];
  for (const kind of kinds) {
    const [mine, theirs] = pipe<never, number>();
    spawn(member, [theirs, kind], { detached: kind === "observing" || kind === "detached" });
    for (let i = 0; i < (kind === "parent" ? 3 : 1); i++) pids.push(await mine.recv());
  }
  if (tell) for (const pid of [process.pid, ...pids]) await tell.send(pid);
  else console.log(pids.join(" "));
  setInterval(() => undefined, 2 ** 30);
}

if (isMain(import.meta)) await raise(process.argv.slice(2));
