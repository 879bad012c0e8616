import { after } from "node:test";
import { type Connection, pipe } from "interproc";
import { everyConnection } from "./connection.js";
import { type ConnectionKind, farEnd } from "./connection-kind.js";
import { FarEndsInChild, FarEndsInWorker } from "./far-ends.js";
import { everySharedConnection } from "./shared-connection.js";

const here: ConnectionKind<Connection> = {
  name: "a pipe within one thread",
  transport: "shm",
  isElsewhere: false,
  async connect() {
    const [near, theirs] = pipe();
    const calls = theirs as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    return { near, far: farEnd(async (method, args) => calls[method](...args)) };
  },
};

/** The same with the far end elsewhere; the one who has it is started with the first pair. */
function elsewhere(name: string, start: () => FarEndsInChild | FarEndsInWorker): ConnectionKind<Connection> {
  let started: FarEndsInChild | FarEndsInWorker | undefined;
  after(() => started?.stop());
  return {
    name,
    transport: "shm",
    isElsewhere: true,
    async connect() {
      started ??= start();
      return started.take(...pipe());
    },
  };
}

const kinds = [
  here,
  elsewhere("a pipe to a child process", () => new FarEndsInChild()),
  elsewhere("a pipe to a worker thread", () => new FarEndsInWorker()),
];
for (const kind of kinds) {
  everyConnection(kind);
  everySharedConnection(kind);
}
