import { spawn as spawnChild } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, Lock, Queue, Semaphore, SharedValue, spawn, task } from "interproc";
import { WebSocket } from "ws";
import { answer } from "../answer.js";
import type { InspectorQuestion } from "../inspector-question.js";
import { projectRoot } from "../project.js";
import type { Figures } from "../rounds.js";

/*
 * Ours alone: what `interproc ui` takes of a processor while a page is open, by what the kernel says that its process has
 * used. The objects are values, locks and queues in equal parts; every process has as many of them as it can of its share.
 */

/** The kernel counts a process's time in hundredths of a second. */
const TICKS = 100;
const SHARE = 16;

/** Has its objects, says so, and does nothing until it is ended. */
export const owner = task(import.meta, function owner(objects: unknown[], ready: Semaphore): void {
  setInterval(() => objects.length, 2 ** 30);
  ready.release();
});

/** Puts and gets at each of its queues in turn, so that the figures of all of them change between any two looks. */
export const trader = task(
  import.meta,
  async function trader(queues: Queue<object>[], ready: Semaphore): Promise<void> {
    ready.release();
    for (let id = 0; ; id++) {
      for (const queue of queues) {
        queue.tryPut({ id });
        if (id % 2 === 1) queue.tryGet();
        if (queue.size > 32) queue.tryGet();
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
);

if (isMain(import.meta)) answer<InspectorQuestion>(measure);

async function measure({ objects, processes, traffic, pages, seconds }: InspectorQuestion): Promise<Figures> {
  const all = Array.from({ length: objects }, (_, index) => {
    const name = `bench-${process.pid}-${index}`;
    if (index % 3 === 0) return Queue.create<object>(name, { capacity: 8192, maxAttached: 66 });
    return index % 3 === 1 ? Lock.create(name) : SharedValue.create(name, "i32", index);
  });
  using ready = new Semaphore(0, { owned: false });
  const children = Array.from({ length: processes }, (_, index) => {
    const own = all.filter((_one, at) => at % processes === index).slice(0, SHARE);
    return spawn(owner, [own, ready]);
  });
  if (traffic === "busy") {
    const queues = all.filter((one) => one instanceof Queue).slice(0, Math.ceil(objects / 10));
    children.push(spawn(trader, [queues as Queue<object>[], ready]));
  }
  for (let i = 0; i < children.length; i++) await ready.acquire();
  const ui = spawnChild(process.execPath, [join(projectRoot, "dist/cli/main.js"), "ui", "--no-open", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(ui.stdout, "data");
    return await watch(JSON.parse(String(line)), ui.pid as number, pages, seconds);
  } finally {
    ui.kill("SIGKILL");
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.join()));
    for (const one of all) one.close();
  }
}

async function watch(
  { port, token }: { port: number; token: string },
  pid: number,
  pages: number,
  seconds: number,
): Promise<Figures> {
  let looks = 0;
  let bytes = 0;
  let wholeBytes = 0;
  const headers = { Origin: `http://127.0.0.1:${port}`, Authorization: `Bearer ${token}` };
  const socket = pages > 0 ? new WebSocket(`ws://127.0.0.1:${port}/api/live`, { headers }) : undefined;
  if (socket) {
    // the first message has all objects, the second one shows that the feed goes on
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.on("message", (data) => {
        if (wholeBytes === 0) wholeBytes = String(data).length;
        else resolve();
        looks++;
        bytes += String(data).length;
      });
    });
  }
  looks = 0;
  bytes = 0;
  const before = processorSeconds(pid);
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = processorSeconds(pid) - before;
  const took = (performance.now() - startedAt) / 1000;
  socket?.terminate();
  return {
    percent: (used / took) * 100,
    looksPerSecond: looks / took,
    lookMillis: looks > 0 ? (used / looks) * 1000 : Number.NaN,
    wholeBytes,
    messageBytes: looks > 0 ? bytes / looks : 0,
    residentBytes: residentBytes(pid),
    seconds: took,
  };
}

/** What a process has used of processors until now, in its own code and in the kernel. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) * 1024;
}
