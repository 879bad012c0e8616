// Tasks that end in all the ways there are.
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type Connection, task } from "interproc";

export const failing = task(import.meta, async function failing() {
  const cause = Object.assign(new RangeError("the cup is full"), { code: "E_FULL" });
  throw Object.assign(new TypeError("cannot pour", { cause }), { code: "E_POUR" });
});

export const throwing = task(import.meta, function throwing(value: unknown) {
  throw value;
});

export const exiting = task(import.meta, async function exiting(code?: number | string) {
  process.exit(code as number);
});

export const lingering = task(import.meta, async function lingering() {
  void sleep(100).then(() => console.log("done in the background"));
  return "answered before";
});

export const threaded = task(import.meta, async function threaded() {
  new Worker('setTimeout(() => console.log("done in a thread"), 100)', { eval: true });
  return "answered before";
});

export const resting = task(import.meta, async function resting(signals: "as usual" | "no SIGTERM" = "as usual") {
  if (signals === "no SIGTERM") process.on("SIGTERM", () => undefined);
  console.log("resting");
  await sleep(2 ** 30);
});

/** Sends what it was told to, then leaves without closing anything. */
export const leaving = task(import.meta, async function leaving(connection: Connection, sizes: number[], how: string) {
  for (const [i, size] of sizes.entries()) await connection.sendBytes(new Uint8Array(size).fill(i));
  if (how === "process.exit") process.exit(3);
  if (how === "an uncaught exception") setImmediate(() => throwing("out of the blue"));
  if (how === "an unhandled rejection") void Promise.reject(new Error("nobody caught this"));
  if (how === "SIGTERM" || how === "SIGKILL" || how === "SIGABRT") process.kill(process.pid, how);
  if (how !== "returning") await sleep(60_000);
});
