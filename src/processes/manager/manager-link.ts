/*
 * A thread's one connection to a manager, for all references to its objects here.
 *
 * Idea    A manager has a door: a queue under its name, of pipe ends. Who gets a reference opens the door, puts in one end
 *         of a pipe of its own and closes it; calls can be sent before the server has taken the end out.
 * States  connected -> over: with the last reference here, or with the server
 * Death   Of the server before it takes the end: whoever closes the door as the last removes it and what lies in it, and
 *         the pipe's other end is at its end of file. Later: the pipe tells. A door that is gone says so at once.
 */
import type { Connection } from "../../channel.js";
import { AbandonedError } from "../../errors.js";
import { pipe } from "../../primitives/pipe/pipe.js";
import { Queue } from "../../primitives/queue/queue.js";
import { Session } from "../../rpc/session.js";

/** So long a crowd at the door is waited for. */
const DOOR_MS = 10_000;

const links = new Map<string, ManagerLink>();

export class ManagerLink {
  private references = 0;

  private constructor(
    private readonly manager: string,
    private readonly session: Session | undefined,
  ) {
    links.set(manager, this);
    void session?.closed.then(() => this.forget());
  }

  /** The link to a manager, which is made with the first reference. */
  static to(manager: string): ManagerLink {
    return links.get(manager) ?? new ManagerLink(manager, connect(manager));
  }

  /** Takes an end that the server is given otherwise. */
  static over(manager: string, conn: Connection): ManagerLink {
    return new ManagerLink(manager, Session.of(conn, "new Manager()"));
  }

  call(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    if (this.session) return this.session.call(path, args, undefined);
    return Promise.reject(new AbandonedError(`${path.join(".")}(): the manager has ended`, { resource: this.manager }));
  }

  hold(): void {
    this.references++;
  }

  /** A reference was given up; with the last one the connection goes. */
  release(): void {
    if (--this.references > 0) return;
    this.forget();
    this.session?.close();
  }

  private forget(): void {
    if (links.get(this.manager) === this) links.delete(this.manager);
  }
}

/** Undefined: the manager is gone. */
function connect(manager: string): Session | undefined {
  let door: Queue<Connection>;
  try {
    door = Queue.open<Connection>(manager);
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_INTERPROC_NOT_FOUND") return undefined;
    throw error;
  }
  const [near, far] = pipe();
  if (door.tryPut(far)) door.close();
  else
    void door
      .put(far, { timeout: DOOR_MS })
      .catch(() => far.close())
      .finally(() => door.close());
  return Session.of(near, "a reference of a manager");
}
