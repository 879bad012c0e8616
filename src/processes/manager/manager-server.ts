import type { Connection } from "../../channel.js";
import { UsageError } from "../../errors.js";
import { Queue } from "../../primitives/queue/queue.js";
import { expose } from "../../rpc/expose.js";
import { importTask } from "../import-task.js";
import { leaveSignalsToParent } from "../leave-signals-to-parent.js";
import { type TaskName, task } from "../task.js";
import { ServedCounter } from "./managed-counter.js";
import { ServedDict } from "./managed-dict.js";
import { ServedList } from "./managed-list.js";
import { ServedNamespace } from "./managed-namespace.js";
import { isManaged, ownReference } from "./managed-reference.js";
import { ServedSet } from "./managed-set.js";
import { ManagedStore } from "./managed-store.js";

const DOOR_BYTES = 256 * 1024;
const MOST_AT_DOOR = 1024;

/** What a manager makes by itself. */
const makers = {
  dict: (init: never) => new ServedDict(init),
  list: (init: never) => new ServedList(init),
  set: (init: never) => new ServedSet(init),
  namespace: (init: never) => new ServedNamespace(init),
  counter: (init: never) => new ServedCounter(init),
} as const;

export type MadeKind = keyof typeof makers;

/** What the process of a manager runs, until its parent ends it. */
export const serveManager = task(
  import.meta,
  "serveManager",
  async function serveManager(
    first: Connection,
    manager: string,
    initializer: TaskName | undefined,
    initArgs: readonly unknown[],
  ) {
    leaveSignalsToParent();
    const store = new ManagedStore(manager);
    if (initializer) await (await importTask(initializer))(...(initArgs as never[]));
    using door = Queue.create<Connection>(manager, { capacity: DOOR_BYTES, maxAttached: MOST_AT_DOOR });
    const api = Object.assign(store.held, { manager: new ManagerService(store) });
    const serve = (conn: Connection): void => {
      void expose(conn, api).closed.then(() => store.look());
    };
    serve(first);
    for await (const conn of door) serve(conn);
  },
);

/** What clients ask the manager itself. */
class ManagerService {
  readonly #store: ManagedStore;

  constructor(store: ManagedStore) {
    this.#store = store;
  }

  make(kind: MadeKind, init: unknown): object {
    if (!Object.hasOwn(makers, kind)) throw new UsageError(`a manager makes no ${String(kind)}`);
    return this.#serve(kind, makers[kind](init as never));
  }

  /** Calls a task, and serves what it gives. */
  async create(name: TaskName, args: readonly unknown[]): Promise<object> {
    const made: unknown = await (await importTask(name))(...(args as never[]));
    if (typeof made !== "object" || made === null)
      throw new UsageError(`manager.create(): ${name.name}() gave ${String(made)}; allowed: an object with methods`);
    return isManaged(made) ? made : this.#serve(made.constructor?.name || "object", made);
  }

  held(): number {
    this.#store.look();
    return this.#store.heldCount;
  }

  released(id: string): void {
    this.#store.lookAtId(id);
  }

  #serve(kind: string, object: object): object {
    return ownReference(this.#store.manager, this.#store.add(kind, object));
  }
}
