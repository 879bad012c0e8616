// Shows what keeps a process alive and what does not.
import { isMain, type Process, pipe, spawn, task } from "interproc";
import { resting } from "./ending.js";

export const brief = task(import.meta, async function brief() {
  console.log("child done");
});

const [a, b] = pipe();
const later = (work: () => void): void => void setTimeout(work, 50).unref();
const situations: Record<string, () => unknown> = {
  "idle ends": () => undefined,
  "ends that were used": async () => {
    await a.send(1);
    await b.recv();
  },
  "a receive that waits": () => {
    later(() => a.trySend("late"));
    return b.recv();
  },
  "a send that waits": async () => {
    while (a.trySendBytes(new Uint8Array(1000)));
    later(() => b.tryRecvMany(1000));
    await a.sendBytes(new Uint8Array(1000));
  },
  "an unreferenced receive": () => b.unref().recv(),
  "a receive that was given up": () => b.recv({ timeout: 1 }).catch(() => undefined),
  "a running child": () => void spawn(brief),
  "an unreferenced child": async () => {
    const child: Process = spawn(resting, [], { stdio: ["ignore", "pipe", "inherit"] }).unref();
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.stdout?.destroy();
  },
  "a failing child that nobody asks": () => void spawn(resting, [], { stdio: "ignore" }).kill(),
};
if (isMain(import.meta)) {
  process.on("exit", () => console.log("over"));
  void Promise.resolve(situations[process.argv[2]]()).then(() => console.log("settled"));
}
