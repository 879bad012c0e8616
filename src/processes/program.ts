import type { ChildProcess } from "node:child_process";
import type { AsyncConnection } from "../channel.js";
import { UsageError } from "../errors.js";
import { Process } from "./process.js";

/** A process that runs any program, and the connection to it; made by `spawnProgram`. */
export class Program<Out = unknown, In = unknown> extends Process<never> {
  /** @internal use `spawnProgram()` */
  constructor(
    child: ChildProcess,
    name: string,
    /** To the program's stdin and from its stdout, or over the descriptor that its environment names. */
    readonly connection: AsyncConnection<Out, In>,
    signal?: AbortSignal,
  ) {
    super(child, name, undefined, "", signal);
  }

  /** @throws UsageError always: a program has no result but what it sends, and its exit code */
  override result(): Promise<never> {
    return Promise.reject(
      new UsageError(`result() of the program ${this.name}; allowed: its connection, and join() for its exit code`),
    );
  }

  override [Symbol.dispose](): void {
    this.connection.close();
    super[Symbol.dispose]();
  }
}
