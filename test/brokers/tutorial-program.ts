import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "../project-root.js";

/** In which language a program of the tutorials is. */
export type Side = "Node" | "Python";

/** Debian's own, for which its pika is. */
const python = "/usr/bin/python3";

/** Whether Python programs can use RabbitMQ here. Not so in CI is an error. */
export function hasPika(): boolean {
  const isThere = spawnSync(python, ["-c", "import pika"]).status === 0;
  if (!isThere && process.env.CI === "true") throw new Error("there is no pika: apt-get install python3-pika");
  return isThere;
}

/** One of the programs in test/programs/rabbitmq or, under the same name with `_`, in test/programs/python/rabbitmq. */
export class TutorialProgram implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly exit: Promise<number | NodeJS.Signals | null>;

  constructor(side: Side, name: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    const [command, file] =
      side === "Node"
        ? [process.execPath, `build/test/programs/rabbitmq/${name}.js`]
        : [python, `test/programs/python/rabbitmq/${name.replaceAll("-", "_")}.py`];
    this.child = spawn(command, [join(projectRoot, file), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
    });
    this.exit = new Promise((done) => this.child.once("close", (code, signal) => done(code ?? signal)));
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`it ended, with ${await this.exit}`);
    return value;
  }

  async linesOf(count: number): Promise<string[]> {
    const found: string[] = [];
    while (found.length < count) found.push(await this.line());
    return found;
  }

  /** All that it prints up to its end. @throws when it fails */
  async rest(): Promise<string[]> {
    const found: string[] = [];
    for (let next = await this.lines.next(); !next.done; next = await this.lines.next()) found.push(next.value);
    const exit = await this.exit;
    if (exit !== 0) throw new Error(`it ended with ${exit}, after ${JSON.stringify(found)}`);
    return found;
  }

  /** Kills it, and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit;
  }
}
