// A process manager as pm2 is one: starts copies of a program with an IPC channel, starts those again that die, and asks them
// to end with all of their processes, first by SIGINT, then by SIGKILL. It passes SIGTERM and SIGINT on as they come.
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [program, copies, killTimeout] = process.argv.slice(2);
const running = new Map<number, ChildProcess>();
let isEnding = false;

function start(instance: number): void {
  const file = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
  const child = fork(file, [], {
    env: { ...process.env, NODE_APP_INSTANCE: String(instance), pm_id: String(instance) },
  });
  running.set(instance, child);
  child.on("message", (text) => console.log(`${instance} ${text}`));
  child.on("exit", (code, signal) => {
    console.log(`${instance} exit ${code ?? signal}`);
    running.delete(instance);
    if (!isEnding) start(instance);
    else if (running.size === 0) process.exit(0);
  });
}

/** Everything below a process, the process itself last. */
function tree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [...(children === "" ? [] : children.split(" ").map(Number).flatMap(tree)), pid];
}

function signalTrees(signal: NodeJS.Signals): void {
  for (const pid of [...running.values()].flatMap((child) => tree(child.pid as number))) {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended meanwhile
    }
  }
}

function end(): void {
  isEnding = true;
  signalTrees("SIGINT");
  setTimeout(() => signalTrees("SIGKILL"), Number(killTimeout)).unref();
}

process.on("SIGTERM", end).on("SIGINT", end);
for (let instance = 0; instance < Number(copies); instance++) start(instance);
