// A service that a process manager starts several times: it takes jobs from a queue, has a pool work on them, and drains.
import { isMain, onShutdown, Pool, Queue, SharedEvent, SharedMap, task } from "interproc";

export const square = task(import.meta, "square", async (n: number) => {
  if (n < 0) {
    using gate = SharedEvent.open("service-gate");
    await gate.wait();
  }
  return n * n;
});

if (isMain(import.meta)) {
  const tell = (text: string): void => void process.send?.(text);
  const jobs = Queue.open<number>("service-jobs");
  const done = SharedMap.open<number, string>("service-done");
  const pool = new Pool({ processes: 1 });
  const stopping = new AbortController();
  const working = work();
  onShutdown(async () => {
    tell("asked");
    stopping.abort();
    await working;
    await pool.close();
    jobs.close();
    tell("drained");
  });
  await pool.warm();
  tell("ready");

  async function work(): Promise<void> {
    try {
      for await (const job of jobs.messages({ signal: stopping.signal })) {
        if (job.value === 13 && !job.redelivered) process.kill(process.pid, "SIGKILL");
        if (job.value < 0) tell("begun");
        const result = await pool.run(square, job.value);
        done.set(job.value, `${process.env.NODE_APP_INSTANCE} made ${result}`);
        job.ack();
        if (stopping.signal.aborted) return;
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
  }
}
