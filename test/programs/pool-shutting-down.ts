// A program with a pool, children and a manager under load, which is asked to end: it says what becomes of them.
import { isMain, Manager, onShutdown, Pool, pipe, SharedEvent, SharedValue, spawn, task } from "interproc";
import { triple, waiting } from "./pool-work.js";

export const draining = task(import.meta, async function draining(begun: SharedValue<"i32">) {
  const asked = new Promise<void>((resolve) => {
    onShutdown(async () => {
      resolve();
      await new Promise(setImmediate);
      console.log("the child drained");
    });
  });
  begun.add(1);
  const alive = setInterval(() => undefined, 1000);
  await asked;
  clearInterval(alive);
});

if (isMain(import.meta)) {
  const [how] = process.argv.slice(2);
  const gate = SharedEvent.open("shutdown-gate");
  const begun = new SharedValue("i32", 0);
  const pool = new Pool({ processes: 2 });
  const calls = [pool.run(waiting, begun, gate, "one"), pool.run(waiting, begun, gate, "two")];
  const manager = how === "managed" ? new Manager() : undefined;
  const counter = await manager?.counter(41);
  const child = how === "child" ? spawn(draining, [begun]) : undefined;
  if (how !== "starting") await begun.waitUntil((count) => count === (child ? 3 : 2));
  calls.push(pool.run(triple, 1), pool.run(triple, 2));
  for (const call of calls) call.catch(() => undefined);
  if (how !== "nothing")
    onShutdown(
      async () => {
        console.log("asked");
        if (how === "terminate") await pool.terminate();
        else await pool.close();
        for (const call of await Promise.allSettled(calls))
          console.log(call.status === "fulfilled" ? call.value : (call.reason as Error).name);
        if (counter) console.log(await counter.add(1));
        await manager?.close();
        if (child) console.log((await child.join()).code);
      },
      { timeout: how === "late" ? 50 : 60_000 },
    );
  console.log(pool.pids.join(" "));
  const [mine] = pipe();
  await mine.recv(); // a service that waits for something
}
