import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { projectRoot } from "../project-root.js";

/** A compiled program of test/programs (or any command) as a process of its own, spoken to by lines of its output. */
export class ChildProgram {
  readonly child: ChildProcess;
  /** How it ended: exit code, or signal. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  private readonly lines: Interface;
  private readonly unread: string[] = [];
  private readonly readers: ((line: string | undefined) => void)[] = [];
  private isOver = false;

  constructor(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env });
    this.exit = new Promise((done) => this.child.once("close", (code, signal) => done(code ?? signal)));
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    this.lines.on("line", (line) => (this.readers.shift() ?? ((one) => this.unread.push(one as string)))(line));
    this.lines.on("close", () => {
      this.isOver = true;
      for (const reader of this.readers.splice(0)) reader(undefined);
    });
  }

  static node(program: string, ...args: string[]): ChildProgram {
    return new ChildProgram(process.execPath, [programFile(program), ...args]);
  }

  /** The next line, or `undefined` at the end of its output. */
  line(): Promise<string | undefined> {
    if (this.unread.length > 0 || this.isOver) return Promise.resolve(this.unread.shift());
    return new Promise((done) => this.readers.push(done));
  }

  /** Ends it at once, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit;
  }
}

/** Where a program of test/programs is compiled to. */
export function programFile(program: string): string {
  return join(projectRoot, "build/test/programs", `${program}.js`);
}
