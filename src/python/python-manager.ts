import type { WaitOptions } from "../deadline.js";
import { ProtocolError } from "../errors.js";
import type { Keywords, ManagerDoor } from "./manager-door.js";
import { isNames } from "./manager-reply.js";
import { ManagerToken, type TokenAddress } from "./manager-token.js";
import { PythonDict } from "./python-dict.js";
import { PythonEvent } from "./python-event.js";
import { PythonList } from "./python-list.js";
import { PythonLock } from "./python-lock.js";
import { PythonNamespace } from "./python-namespace.js";
import { type ProxyCallOptions, PythonProxy } from "./python-proxy.js";
import { PythonQueue } from "./python-queue.js";
import { PythonValue } from "./python-value.js";

/**
 * A Python manager, from here; made by `connectManager`. A typeid is what the manager's program registered. Those that give
 * proxies by kind (`dict`, `list` …) take any typeid whose object has such methods, by default that of a SyncManager.
 *
 * `close()` gives up all references that are held here. If this process is killed instead, Python keeps the objects until the
 * manager ends.
 */
export class PythonManager implements AsyncDisposable {
  /** @internal use `connectManager()` */
  constructor(
    private readonly door: ManagerDoor,
    private readonly address: TokenAddress,
  ) {}

  get url(): string {
    return this.door.url;
  }

  get closed(): boolean {
    return this.door.closed;
  }

  /**
   * Has the manager make an object, or give the one that it has: calls what was registered.
   *
   * @throws RemoteError, with the remote stack, for what that raises, and for a typeid that is not registered (`KeyError`)
   * @throws AbandonedError, CodecError, ClosedError
   */
  create(typeid: string, ...args: readonly unknown[]): Promise<PythonProxy> {
    return this.createWith(typeid, args);
  }

  /** The same with keyword arguments, a timeout or a signal. */
  async createWith(typeid: string, args: readonly unknown[], options: ProxyCallOptions = {}): Promise<PythonProxy> {
    const { keywords = {}, ...rest } = options;
    const made = await this.door.request("create", [typeid, ...args], keywords as Keywords, rest);
    const [id, exposed] = Array.isArray(made) ? (made as unknown[]) : [];
    if (typeof id !== "string" || !isNames(exposed))
      throw new ProtocolError(`create(${JSON.stringify(typeid)}): the manager at ${this.url} gave no object`);
    const token = new ManagerToken(typeid, this.address, id);
    return new PythonProxy({ door: this.door, token, exposed, isCounted: true });
  }

  async dict<K = unknown, V = unknown>(typeid = "dict", ...args: readonly unknown[]): Promise<PythonDict<K, V>> {
    return new PythonDict(await this.create(typeid, ...args));
  }

  async list<V = unknown>(typeid = "list", ...args: readonly unknown[]): Promise<PythonList<V>> {
    return new PythonList(await this.create(typeid, ...args));
  }

  async queue<T = unknown>(typeid = "Queue", ...args: readonly unknown[]): Promise<PythonQueue<T>> {
    return new PythonQueue(await this.create(typeid, ...args));
  }

  async namespace(typeid = "Namespace", ...args: readonly unknown[]): Promise<PythonNamespace> {
    return new PythonNamespace(await this.create(typeid, ...args));
  }

  /** A Value of a SyncManager: Python's code for its type, such as `"i"` or `"d"`, is only kept, not enforced. */
  async value<V = unknown>(typecode: string, value: V): Promise<PythonValue<V>> {
    return new PythonValue(await this.create("Value", typecode, value));
  }

  async event(typeid = "Event", ...args: readonly unknown[]): Promise<PythonEvent> {
    return new PythonEvent(await this.create(typeid, ...args));
  }

  async lock(typeid = "Lock", ...args: readonly unknown[]): Promise<PythonLock> {
    return new PythonLock(await this.create(typeid, ...args));
  }

  /** How many objects the manager holds for its clients. */
  async numberOfObjects(options: WaitOptions = {}): Promise<number> {
    return Number(await this.door.request("number_of_objects", [], {}, options));
  }

  /** Gives up all references and ends all connections; allowed twice. */
  close(): Promise<void> {
    return this.door.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
