import { type Connection, isMain, Lock, pipe, Queue, Semaphore, spawn, task } from "interproc";
import { answer } from "../answer.js";
import type { ProcessesQuestion } from "../growth-question.js";
import { ringStart, ringStep } from "../locks-question.js";
import { reading } from "../payload.js";
import { type Figures, measureRoundTrips } from "../rounds.js";
import { measureTurns } from "../turns.js";

/*
 * Ours alone: what an operation costs when many processes have the object. Those that only have it sleep in their event
 * loop; who does not even wait for anything shows what mere presence costs.
 */

/** Has the objects, says so, and does nothing until it is ended. */
export const holder = task(import.meta, function holder(objects: unknown[], ready: Semaphore): void {
  setInterval(() => objects.length, 2 ** 30);
  ready.release();
});

/** The second process of a hand-over: so many steps each time it is told. */
export const partner = task(
  import.meta,
  async function partner(locks: Lock[], rounds: Connection<"ready", number>): Promise<void> {
    for (const index of ringStart.second) locks[index]?.acquireSync();
    await rounds.send("ready");
    let k = 0;
    for await (const count of rounds) {
      for (let i = 0; i < count; i++) {
        const { gives, takes } = ringStep(k++);
        locks[gives]?.acquireSync();
        locks[takes]?.release();
      }
    }
  },
);

const measures: Record<ProcessesQuestion["operation"], (question: ProcessesQuestion) => Promise<Figures>> = {
  async queue({ many, seconds }) {
    using queue = new Queue();
    await using _holders = await attach([queue], many - 1);
    return await measureTurns(seconds, (i) => {
      queue.putSync(reading(i));
      const { id } = queue.getSync() as { id: number };
      if (id !== i) throw new Error(`interproc-growth: message ${i} came back as ${id}`);
    });
  },

  async lock({ many, seconds }) {
    using lock = new Lock();
    await using _holders = await attach([lock], many - 1);
    return await measureTurns(seconds, () => lock.acquireSync().release());
  },

  async wake({ many, seconds }) {
    const locks = Array.from({ length: 3 }, () => new Lock());
    await using _holders = await attach(locks, many - 2);
    for (const index of ringStart.first) locks[index]?.acquireSync();
    const [rounds, theirs] = pipe<number, "ready">();
    const child = spawn(partner, [locks, theirs]);
    await rounds.recv();
    let k = 0;
    const figures = await measureRoundTrips(seconds, async (micros) => {
      await rounds.send(micros.length);
      for (let i = 0; i < micros.length; i++) {
        const { gives, takes } = ringStep(k++);
        const start = performance.now();
        locks[gives]?.release();
        locks[takes]?.acquireSync();
        micros[i] = (performance.now() - start) * 1000;
      }
    });
    rounds.close();
    await child.join();
    return figures;
  },
};

if (isMain(import.meta)) {
  answer<ProcessesQuestion>((question) => measures[question.operation](question));
}

/** Starts so many processes that have the objects; they have them when it resolves, and are ended by its disposal. */
async function attach(objects: unknown[], many: number): Promise<AsyncDisposable> {
  using ready = new Semaphore(0, { owned: false });
  const children = Array.from({ length: many }, () => spawn(holder, [objects, ready]));
  for (let i = 0; i < many; i++) await ready.acquire();
  return {
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill();
      await Promise.all(children.map((child) => child.join()));
    },
  };
}
