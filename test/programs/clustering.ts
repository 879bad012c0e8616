// A cluster whose workers share what the primary made, by tickets or by name; the first one is killed with a lock and a job.
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { attach, Lock, Queue, SharedMap, SharedValue, share } from "interproc";

const [how = "tickets"] = process.argv.slice(2);
const name = process.env.CLUSTER_NAME ?? `cluster-${process.pid}`;

interface Shared {
  readonly counter: SharedValue<"i32">;
  readonly lock: Lock;
  readonly jobs: Queue<number>;
  readonly done: SharedMap<number, number>;
}

const byName = (): Shared => ({
  counter: SharedValue.openOrCreate(`${name}-counter`, "i32", 0),
  lock: Lock.openOrCreate(`${name}-lock`),
  jobs: Queue.openOrCreate<number>(`${name}-jobs`),
  done: SharedMap.openOrCreate<number, number>(`${name}-done`),
});

function byTickets(): Shared {
  const { counter, lock, jobs, done } = JSON.parse(process.env.TICKETS as string) as Record<keyof Shared, string>;
  return { counter: attach(counter), lock: attach(lock), jobs: attach(jobs), done: attach(done) };
}

async function lead(): Promise<void> {
  const shared: Shared =
    how === "names"
      ? byName()
      : { counter: new SharedValue("i32", 0), lock: new Lock(), jobs: new Queue(), done: new SharedMap() };
  await shared.jobs.putMany(Array.from({ length: 20 }, (_, n) => n));
  const fork = (role: string): Worker => {
    const tickets = Object.fromEntries(Object.entries(shared).map(([key, object]) => [key, share(object as object)]));
    return cluster.fork({
      ROLE: role,
      CLUSTER_NAME: name,
      ...(how === "tickets" && { TICKETS: JSON.stringify(tickets) }),
    });
  };
  const victim = fork("victim");
  await once(victim, "message");
  const others = [fork("worker"), fork("worker")];
  const waiting = others.map((worker) => once(worker, "message"));
  const ended = others.map((worker) => once(worker, "exit"));
  await Promise.all(waiting);
  victim.process.kill("SIGKILL");
  shared.jobs.shutdown();
  const codes = (await Promise.all(ended)).map(([code]) => code as number);
  const takes = [...shared.done.values()].reduce((sum, count) => sum + count, 0);
  console.log(shared.counter.value, shared.done.size, takes, shared.jobs.size, shared.jobs.unacked, ...codes);
}

async function work(): Promise<void> {
  const { counter, lock, jobs, done } = how === "names" ? byName() : byTickets();
  for (let n = 0; n < 1000; n++) counter.add(1);
  if (process.env.ROLE === "victim") {
    await jobs.take();
    await lock.acquire();
    process.send?.("holding");
    return;
  }
  const waiting = lock.acquire();
  process.send?.("waiting");
  const hold = await waiting;
  if (hold.abandoned) console.log("the lock was abandoned");
  hold.release();
  for await (const job of jobs.messages()) {
    done.update(job.value, (count = 0) => count + 1);
    job.ack();
  }
  process.disconnect();
}

await (cluster.isPrimary ? lead() : work());
