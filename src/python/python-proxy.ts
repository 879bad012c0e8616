import type { WaitOptions } from "../deadline.js";
import { ClosedError } from "../errors.js";
import type { CallConnections } from "./call-connections.js";
import type { Keywords, ManagerDoor } from "./manager-door.js";
import { isRaised } from "./manager-reply.js";
import type { ManagerToken } from "./manager-token.js";

/** What a call may have besides its arguments. */
export interface ProxyCallOptions extends WaitOptions {
  /** Python's keyword arguments. */
  keywords?: Keywords;
}

/** What a proxy is made of. */
export interface ProxyParts {
  readonly door: ManagerDoor;
  readonly token: ManagerToken;
  /** The methods that may be called; unknown for a proxy that came without them. */
  readonly exposed: readonly string[] | undefined;
  /** Whether the manager has counted this reference already. */
  readonly isCounted: boolean;
  /** Connections of its own, for calls that one thread of the manager is to serve. */
  readonly single?: CallConnections;
}

const collected = new FinalizationRegistry<{ door: ManagerDoor; id: string; single?: CallConnections | undefined }>(
  ({ door, id, single }) => {
    if (single) door.dropSingle(single);
    void door.release(id);
  },
);

/**
 * A reference to an object in a Python manager: its methods are called there. It may be an argument of calls of the same
 * manager, and stand in its dicts and lists. The object lives as long as somebody has a reference; `close()` gives this one
 * up, and so does the garbage collector. If this process is killed, Python keeps counting it.
 *
 * Calls that are made at once run at once, each in a thread of the manager. A call that waits in the manager, such as a
 * queue's `get`, goes on there when it is given up here (`timeout`, `signal`): what it gives is lost.
 *
 * @example
 * const account = await manager.create("Account", "Ada");
 * console.log(await account.call("deposit", 5));
 */
export class PythonProxy implements AsyncDisposable {
  readonly token: ManagerToken;
  readonly exposed: readonly string[] | undefined;
  private readonly door: ManagerDoor;
  private readonly single: CallConnections | undefined;
  private counted: Promise<void> | undefined;
  private isClosed = false;

  /** @internal use a manager's `create()` */
  constructor({ door, token, exposed, isCounted, single }: ProxyParts) {
    this.door = door;
    this.token = token;
    this.exposed = exposed;
    this.single = single;
    if (isCounted) door.hold(token.id);
    else {
      this.counted = door.countReference(token.id);
      this.counted.catch(() => undefined); // the first call throws it
    }
    collected.register(this, { door, id: token.id, single }, this);
  }

  /** What it was registered as. */
  get typeid(): string {
    return this.token.typeid;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /**
   * Calls a method.
   *
   * @throws RemoteError for what it raises: `remoteName` is the exception's class, `cause` the exception; also for a method
   * that is not exposed, then with `remoteStack`
   * @throws AbandonedError when the manager ends; CodecError for an argument or a result that cannot travel; ClosedError
   */
  call<R = unknown>(method: string, ...args: readonly unknown[]): Promise<R> {
    return this.callWith<R>(method, args);
  }

  /** The same with keyword arguments, a timeout or a signal. @throws TimeoutError, and what `call` throws */
  async callWith<R = unknown>(method: string, args: readonly unknown[], options: ProxyCallOptions = {}): Promise<R> {
    if (this.isClosed) throw new ClosedError(`${method}() of a proxy that is closed`);
    const { door, token, single } = this;
    const { keywords = {}, ...rest } = options;
    await this.counted;
    const reply = await door.call(single ?? door.calls, token.id, method, args, keywords, rest);
    if ("value" in reply) return reply.value as R;
    const { token: made, exposed } = reply.proxy;
    return new PythonProxy({ door, token: made, exposed, isCounted: true }) as R;
  }

  /** A copy of the object itself, where that can be pickled. */
  value<R = unknown>(): Promise<R> {
    return this.call<R>("#GETVALUE");
  }

  /** What Python's `str()` makes of the object. */
  str(): Promise<string> {
    return this.call<string>("__str__");
  }

  /**
   * Another reference to the object, whose calls go one after another over a connection of its own. Python serves it by one
   * thread: that is who holds an RLock or a Condition. Closing it closes the connection.
   */
  async onOneThread(): Promise<PythonProxy> {
    const { door, token, exposed } = this;
    const proxy = new PythonProxy({ door, token, exposed, isCounted: false, single: door.single() });
    await proxy.counted;
    return proxy;
  }

  /** Gives this reference up; allowed twice. Resolves when the manager has taken note, or is gone. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    collected.unregister(this);
    if (this.single) this.door.dropSingle(this.single);
    await this.counted?.catch(() => undefined);
    await this.door.release(this.token.id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What an object with `__iter__` gives, one call for each. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    const iterator = await this.call("__iter__");
    if (!(iterator instanceof PythonProxy)) {
      if (Array.isArray(iterator)) yield* iterator;
      return;
    }
    await using items = iterator;
    for (;;) {
      let item: unknown;
      try {
        item = await items.call("__next__");
      } catch (error) {
        if (isRaised(error, "StopIteration")) return;
        throw error;
      }
      yield item;
    }
  }
}
