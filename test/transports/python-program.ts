import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "../project-root.js";

/** A program of test/programs/python, spoken to by lines of JSON: what it prints, and answers to what it is asked. */
export class PythonProgram {
  /** How it ended: exit code, or signal. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  private readonly child: ChildProcess;
  private readonly unread: unknown[] = [];
  private readonly readers: ((value: unknown) => void)[] = [];
  private isOver = false;

  constructor(python: string, program: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(python, [join(projectRoot, "test/programs/python", `${program}.py`), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    this.exit = new Promise((done) => this.child.once("close", (code, signal) => done(code ?? signal)));
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => (this.readers.shift() ?? ((value) => this.unread.push(value)))(JSON.parse(line)));
    lines.on("close", () => {
      this.isOver = true;
      for (const reader of this.readers.splice(0)) reader(undefined);
    });
    this.child.stdin?.on("error", () => undefined); // it has ended, as `exit` says
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The value of the next line, or undefined at the end of its output. */
  next(): Promise<unknown> {
    if (this.unread.length > 0 || this.isOver) return Promise.resolve(this.unread.shift());
    return new Promise((done) => this.readers.push(done));
  }

  /** Has a command carried out, and gives what came of it. What it raises is an object with `error` and `message`. */
  ask(command: string, ...args: unknown[]): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify([command, ...args])}\n`);
    return this.next();
  }

  /** Ends its input, upon which it ends; gives how. */
  end(): Promise<number | NodeJS.Signals | null> {
    this.child.stdin?.end();
    return this.exit;
  }

  /** Ends it at once, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit;
  }

  /** A test that fails leaves none behind. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
