// Tasks that answer.
import { closeSync, openSync } from "node:fs";
import { currentProcess, task } from "interproc";

export const echo = task(import.meta, async function echo(...args: unknown[]) {
  return args;
});

export const double = task(import.meta, function double(n: number) {
  return n * 2;
});

export const whoAmI = task(import.meta, async function whoAmI() {
  const { name, pid, parent } = currentProcess();
  return { name, pid, parent: parent && { name: parent.name, pid: parent.pid, isAlive: parent.isAlive } };
});

export const surroundings = task(import.meta, async function surroundings() {
  const { FLAVOUR, HOME } = process.env;
  return { cwd: process.cwd(), flavour: FLAVOUR, home: HOME, hasGc: "gc" in globalThis };
});

export const megabytes = task(import.meta, async function megabytes(count: number) {
  return new Uint8Array(count * 2 ** 20).fill(7);
});

export const notCloneable = task(import.meta, async function notCloneable() {
  return () => "a function cannot travel";
});

/** What a process that has used up its file descriptors says of its parent. */
export const askedWithoutDescriptors = task(import.meta, "askedWithoutDescriptors", async () => {
  const open: number[] = [];
  try {
    for (;;) open.push(openSync("/dev/null", "r"));
  } catch {
    try {
      return String(currentProcess().parent?.isAlive);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  } finally {
    for (const fd of open) closeSync(fd);
  }
});
