// One run of the comparison, as python-queue.py has it: interproc-queue.js producer|consumer BYTES DELAY_MS
import { setTimeout as sleep } from "node:timers/promises";
import { isMain, Queue, SharedArray, spawn, task } from "interproc";

const DRAIN_MS = 1000; // what was on its way at the kill is gone by then
const PATIENCE_MS = 5000;
const ENOUGH = 10;

export const produce = task(
  import.meta,
  async function produce(queue: Queue<Uint8Array>, size: number, done: Done, me: number) {
    const message = new Uint8Array(size).fill(120);
    for (;;) {
      await queue.put(message);
      done.view[me]++;
    }
  },
);

export const consume = task(
  import.meta,
  async function consume(queue: Queue<Uint8Array>, size: number, done: Done, me: number) {
    for await (const message of queue) {
      if (message.length !== size) process.exit(3);
      done.view[me]++;
    }
  },
);

/** Each party counts in its own cell. */
type Done = SharedArray<"u32">;

async function within(ms: number, condition: () => boolean): Promise<boolean> {
  for (const until = performance.now() + ms; !condition(); await sleep(5)) if (performance.now() > until) return false;
  return true;
}

async function main([role, bytes, delayMs]: string[]): Promise<void> {
  const size = Number(bytes);
  const queue = new Queue<Uint8Array>({ capacity: 4 * 1024 * 1024, maxItems: 100 });
  const done: Done = new SharedArray("u32", 4);
  const parties = [produce, produce, consume, consume].map((run, i) => spawn(run, [queue, size, done, i]));
  const [first, second, third, fourth] = [0, 1, 2, 3].map((i) => () => done.get(i));
  const began = await within(10_000, () => first() > 0 && second() > 0 && third() + fourth() > 0);
  await sleep(Number(delayMs));
  const victim = role === "producer" ? 0 : 2;
  const killedAt = performance.now();
  parties[victim].kill();
  const survivors = [0, 1, 2, 3].filter((i) => i !== victim);
  await sleep(DRAIN_MS);
  const before = [...done.view];
  const wentOn =
    began && (await within(PATIENCE_MS - DRAIN_MS, () => survivors.every((i) => done.get(i) >= before[i] + ENOUGH)));
  console.log(JSON.stringify({ wentOn, began, ms: Math.round(performance.now() - killedAt) }));
  for (const party of parties) party.kill();
}

if (isMain(import.meta)) await main(process.argv.slice(2));
