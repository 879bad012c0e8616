import { UsageError } from "../errors.js";

type Callable = (...args: unknown[]) => unknown;

/** That a function of the other side is held here, and how many times that has passed it. */
class Hold {
  proxy: WeakRef<Callable> | undefined;
  times = 1;

  constructor(
    readonly id: number,
    private readonly held: Map<number, Hold>,
    private readonly release: (id: number, times: number) => void,
  ) {}

  letGo(): void {
    const { id, held, times } = this;
    if (times === 0) return;
    this.times = 0;
    if (held.get(id) === this) held.delete(id);
    this.release(id, times);
  }
}

/**
 * What stands for functions of the other side. While it lives, the same function that comes again is the same one here; once
 * it is collected or disposed of, the other side is told and forgets its own.
 */
export class RemoteFunctions {
  private readonly held = new Map<number, Hold>();
  /** The number of what a function here stands for, until it is disposed of. */
  private readonly ids = new WeakMap<object, number>();
  private readonly collected = new FinalizationRegistry<Hold>((hold) => hold.letGo());

  constructor(
    private readonly call: (id: number, args: readonly unknown[]) => unknown,
    private readonly release: (id: number, times: number) => void,
  ) {}

  get size(): number {
    return this.held.size;
  }

  idOf(proxy: object): number | undefined {
    return this.ids.get(proxy);
  }

  /** The function of this number, which has come once more. */
  get(id: number): Callable {
    const known = this.held.get(id);
    const living = known?.proxy?.deref();
    if (known && living) {
      known.times++;
      return living;
    }
    const hold = new Hold(id, this.held, this.release);
    const proxy = this.proxyFor(hold);
    hold.proxy = new WeakRef(proxy);
    this.held.set(id, hold);
    this.ids.set(proxy, id);
    this.collected.register(proxy, hold);
    return proxy;
  }

  private proxyFor(hold: Hold): Callable {
    const { call, ids } = this;
    const proxy: Callable = (...args) =>
      hold.times > 0
        ? call(hold.id, args)
        : Promise.reject(new UsageError("a function of the other side was disposed of here"));
    const dispose = (): void => {
      hold.letGo();
      ids.delete(proxy);
    };
    return Object.defineProperty(proxy, Symbol.dispose, { value: dispose });
  }
}
