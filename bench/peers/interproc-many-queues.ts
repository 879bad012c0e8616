import { readdirSync } from "node:fs";
import { isMain, Queue, spawn, task } from "interproc";
import { answer } from "../answer.js";
import type { QueuesQuestion } from "../growth-question.js";
import { reading } from "../payload.js";
import type { Figures } from "../rounds.js";
import { median } from "../statistics.js";
import { measureTurns } from "../turns.js";

/* Ours alone: one process makes many queues, another opens them by name and uses them in turn. */

/** Where few queues are too short a time to measure, they are made or opened again and again, so many times in all. */
const atLeast = 200;

export const opener = task(import.meta, async function opener(names: string[], seconds: number): Promise<Figures> {
  for (let i = 0; i < atLeast; i++) Queue.open(names[i % names.length] ?? "").close();
  const descriptors = countDescriptors();
  const { queues, micros } = repeated(names, (name) => Queue.open(name));
  const { nanos } = await putAndGet(queues, seconds);
  const figures = { nanos, ...timesOf("open", micros), descriptors: countDescriptors() - descriptors };
  for (const queue of queues) queue.close();
  return figures;
});

if (isMain(import.meta)) {
  answer<QueuesQuestion>(async ({ many, seconds }) => {
    const names = Array.from({ length: many }, (_, index) => `bench-${process.pid}-${index}`);
    for (let i = 0; i < atLeast; i++) Queue.create(names[0] ?? "").close();
    const { queues, micros } = repeated(names, (name) => Queue.create(name));
    const child = spawn(opener, [names, seconds]);
    const figures = await child.result();
    await child.join();
    for (const queue of queues) queue.close();
    return { ...timesOf("make", micros), ...figures };
  });
}

/** The queues of all names, and how long it took to get each of them, those before included. */
function repeated(names: readonly string[], get: (name: string) => Queue): { queues: Queue[]; micros: number[] } {
  const micros: number[] = [];
  for (;;) {
    const queues = names.map((name) => {
      const start = performance.now();
      const queue = get(name);
      micros.push((performance.now() - start) * 1000);
      return queue;
    });
    if (micros.length >= atLeast) return { queues, micros };
    for (const queue of queues) queue.close();
  }
}

/** The median, which is what one costs, and the mean, in which the garbage collections between them are. */
function timesOf(name: string, micros: readonly number[]): Figures {
  const mean = micros.reduce((sum, one) => sum + one, 0) / micros.length;
  return { [`${name}P50Micros`]: median(micros), [`${name}MeanMicros`]: mean };
}

/** Puts a small object into each queue in turn and gets it back. */
function putAndGet(queues: readonly Queue[], seconds: number): Promise<Figures> {
  let next = 0;
  return measureTurns(seconds, (i) => {
    const queue = queues[next] as Queue;
    next = next + 1 === queues.length ? 0 : next + 1;
    queue.putSync(reading(i));
    const { id } = queue.getSync() as { id: number };
    if (id !== i) throw new Error(`interproc-many-queues: message ${i} came back as ${id}`);
  });
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
