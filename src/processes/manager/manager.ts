import { AbandonedError, ClosedError, UsageError } from "../../errors.js";
import { freshName } from "../../memory/attachments.js";
import { pipe } from "../../primitives/pipe/pipe.js";
import type { Process } from "../process.js";
import { type SpawnOptions, spawn } from "../spawn.js";
import { type Task, taskName } from "../task.js";
import type { Key } from "./cell.js";
import type { ManagedCounter } from "./managed-counter.js";
import type { ManagedDict } from "./managed-dict.js";
import type { ManagedList } from "./managed-list.js";
import type { ManagedNamespace } from "./managed-namespace.js";
import type { Managed } from "./managed-reference.js";
import type { ManagedSet } from "./managed-set.js";
import { ManagerLink } from "./manager-link.js";
import { type MadeKind, serveManager } from "./manager-server.js";

/** How the server's process is run, and what it does first. */
export interface ManagerOptions extends Omit<SpawnOptions, "signal" | "detached"> {
  /** A task that runs in the server's process before anything is served. */
  initializer?: Task<never[], unknown>;
  /** Its arguments. */
  initArgs?: readonly unknown[];
}

let count = 0;

/**
 * A process that serves objects to others: Python's `Manager`. What `dict()`, `list()` and the like give are references: whoever
 * has one, in whichever process, calls the same object, one call after the other. References are passed on in messages over
 * shared memory, to `spawn` and to a Pool, and stored in other managed objects.
 *
 * An object lives as long as some process has a reference to it, or another object of its manager has; a process that is
 * killed has none any more. The server dies with the process that made the manager; then, and when it is killed itself, all
 * calls that wait reject with AbandonedError, and so does every further one. What its objects hold is lost with it.
 *
 * Calls of one object run in the order in which they come, but a call that awaits something lets others run meanwhile. For
 * mutual exclusion between processes there is `Lock`, which a dead holder gives back. A manager that nobody awaits does
 * not keep the process alive.
 *
 * @example
 * const manager = new Manager();
 * const ages = await manager.dict<string, number>([["Ada", 36]]);
 * console.log(await ages.update("Ada", (age = 0) => age + 1)); // 37
 * await manager.close();
 */
export class Manager implements AsyncDisposable {
  private readonly child: Process<void>;
  private readonly link: ManagerLink;
  private hasAnswered = false;
  private isClosed = false;

  /** @throws UsageError, SystemError when the process cannot be had */
  constructor(options: ManagerOptions = {}) {
    const { initializer, initArgs = [], ...spawning } = options;
    if (initArgs.length > 0 && !initializer) throw new UsageError("new Manager(): initArgs without an initializer");
    const order = initializer && taskName(initializer, "new Manager({ initializer })");
    const name = `manager-${freshName()}`;
    const [near, far] = pipe();
    try {
      this.child = spawn(serveManager, [far, name, order, initArgs], {
        name: `Manager-${++count}`,
        ...spawning,
      }).unref();
    } catch (error) {
      near.close();
      far.close();
      throw error;
    }
    this.link = ManagerLink.over(name, near);
    this.link.hold();
  }

  /** Of the process that serves. */
  get pid(): number {
    return this.child.pid;
  }

  /** Whether the server runs. */
  get isAlive(): boolean {
    return this.child.isAlive;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** A dict: keys that are plain values, to anything that a message can carry. */
  dict<K extends Key = string, V = unknown>(init?: Iterable<readonly [K, V]>): Promise<ManagedDict<K, V>> {
    return this.make("dict", init, "an iterable of [key, value]");
  }

  list<V = unknown>(init?: Iterable<V>): Promise<ManagedList<V>> {
    return this.make("list", init, "an iterable of values");
  }

  set<V extends Key = string>(init?: Iterable<V>): Promise<ManagedSet<V>> {
    return this.make("set", init, "an iterable of values");
  }

  /** A few values by name, each of a type of its own. */
  namespace<T extends object>(init?: T): Promise<ManagedNamespace<T>> {
    return this.ask("make", ["namespace", init]);
  }

  counter(init = 0): Promise<ManagedCounter> {
    return this.ask("make", ["counter", init]);
  }

  /**
   * Calls a task in the server's process and serves the object that it gives: the methods of its class, or the functions in it
   * if it is a plain object; none whose name begins with `_` or `#`.
   *
   * @throws RemoteError what the task threw, or when it gives no object
   */
  async create<Args extends unknown[], Made extends object>(
    task: Task<Args, Made | Promise<Made>>,
    ...args: Args
  ): Promise<Managed<Made>> {
    return this.ask("create", [taskName(task, "manager.create()"), args]);
  }

  /** How many objects processes have references to; those that only other objects refer to come on top. */
  held(): Promise<number> {
    return this.ask("held", []);
  }

  /** Ends the server: what it served is gone. Allowed twice. */
  async close(): Promise<void> {
    if (!this.isClosed) this.link.release();
    this.isClosed = true;
    this.child.ref();
    this.child.kill(); // it leaves other signals to this process
    await this.child.join();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async make<T>(kind: MadeKind, init: Iterable<unknown> | undefined, allowed: string): Promise<T> {
    if (init === undefined) return this.ask("make", [kind, init]);
    if (typeof init?.[Symbol.iterator] !== "function") {
      const given = init === null ? "null" : typeof init;
      throw new UsageError(`manager.${kind}(): what it begins with is ${given}; allowed: ${allowed}`);
    }
    return this.ask("make", [kind, [...init]]);
  }

  private async ask<T>(method: string, args: readonly unknown[]): Promise<T> {
    if (this.isClosed) throw new ClosedError(`manager: ${method}() after close()`);
    try {
      const answer = (await this.link.call(["manager", method], args)) as T;
      this.hasAnswered = true;
      return answer;
    } catch (error) {
      // a server that never answered has told its parent why: its initializer threw
      if (!this.hasAnswered && error instanceof AbandonedError) await this.child.result();
      throw error;
    }
  }
}
