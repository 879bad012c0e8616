import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../programs/queue-by-url.js", import.meta.url));

/** A process that uses queues by their urls; see test/programs/queue-by-url.ts. */
export interface Worker {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** What it has printed besides, up to its end. */
  rest(): Promise<string[]>;
  kill(): void;
}

export async function startWorker(role: string, ...urls: string[]): Promise<Worker> {
  const child = spawn(process.execPath, [program, role, ...urls], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator]();
  return {
    child,
    exited,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the ${role} process ended without a line`);
      return value;
    },
    async rest() {
      const found: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) found.push(next.value);
      return found;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
