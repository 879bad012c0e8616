import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Barrier, isMain, SharedMap, spawn, task } from "interproc";
import { answer } from "../answer.js";
import { type MapWork, mapFigures } from "../map-figures.js";
import type { MapQuestion } from "../map-question.js";
import type { Figures } from "../rounds.js";
import { batches, type MapPlace, type MapValue, mapKeys, mapValue, openMap } from "./benched-map.js";
import { startRedis } from "./redis-map.js";

/* Our SharedMap, and maps of others that Node programs can share. The processes that use them are ours for all. */
export const user = task(
  import.meta,
  async function user(place: MapPlace, barrier: Barrier, question: MapQuestion): Promise<MapWork> {
    const map = await openMap(place, question);
    const batch = batches(map, question);
    let size = 1;
    const until = async (deadline: number, grows: boolean): Promise<number> => {
      let operations = 0;
      for (let now = nanosNow(); now < deadline; ) {
        const pending = batch(size);
        if (pending) await pending;
        operations += size;
        const then = now;
        now = nanosNow();
        // The clock is read between batches, which grow until one lasts a millisecond.
        if (grows && now - then < 1e6) size *= 2;
      }
      return operations;
    };
    await until(nanosNow() + Math.max(0.1, question.seconds / 4) * 1e9, true);
    await barrier.wait();
    const startNanos = nanosNow();
    const operations = await until(startNanos + question.seconds * 1e9, false);
    const endNanos = nanosNow();
    await map.close?.();
    return { startNanos, endNanos, operations };
  },
);

if (isMain(import.meta)) {
  answer<MapQuestion>(async (question) => {
    if (question.mode.startsWith("get, set")) return measure(new SharedMap<string, MapValue>(), question);
    if (question.mode.startsWith("GET, SET")) {
      const { port, server } = await startRedis();
      try {
        return await measure(port, question);
      } finally {
        server.kill();
      }
    }
    const folder = mkdtempSync(join(process.platform === "linux" ? "/dev/shm" : tmpdir(), "interproc-bench-"));
    try {
      return await measure(join(folder, "data"), question);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function measure(place: MapPlace, question: MapQuestion): Promise<Figures> {
  const map = await openMap(place, question);
  await Promise.all(mapKeys.map((key, index) => map.set(key, mapValue(question, index))));
  const barrier = new Barrier(question.processes);
  const children = Array.from({ length: question.processes }, () => spawn(user, [place, barrier, question]));
  const done = await Promise.all(children.map((child) => child.result()));
  await Promise.all(children.map((child) => child.join()));
  for (const [index, key] of mapKeys.entries()) {
    const found = await map.get(key);
    if ((typeof found === "object" ? found.id : found) !== index) throw new Error(`${key} is wrong at the end`);
  }
  await map.close?.();
  return mapFigures(done);
}

/** The monotonic clock, which all processes of a machine share. */
function nanosNow(): number {
  return Number(process.hrtime.bigint());
}
