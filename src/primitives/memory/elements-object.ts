import { InnerLock, type InnerLockHome } from "../locks/inner-lock.js";
import type { Lock, LockHold } from "../locks/lock.js";
import { LockHolding } from "../locks/lock-holding.js";
import { type Place, SharedObject } from "../shared-object.js";
import { type AtomicElements, atomicElements, ClosedElements } from "./atomic-elements.js";
import { Changes } from "./changes.js";
import type { ElementKind, ElementValue, ElementView } from "./element-kinds.js";

/** What an object of elements is made of. */
interface ElementsParts<K extends ElementKind> {
  readonly kind: K;
  readonly view: ElementView<K>;
  /** Word index, from the body's start, of the word that says whether somebody waits for a change. */
  readonly watched: number;
  readonly lock: InnerLockHome;
}

/** What a shared value and a shared array have in common: elements of one kind, waits for their changes, and a lock. */
export abstract class ElementsObject<K extends ElementKind> extends SharedObject {
  /** What an element is. */
  readonly kind: K;
  /** @internal */
  protected elements: AtomicElements<ElementValue<K>>;
  /** @internal */
  protected readonly changes: Changes;
  private readonly lockHome: InnerLockHome;
  private innerLock: InnerLock | undefined;

  /** @internal */
  protected constructor(place: Place, label: string, { kind, view, watched, lock }: ElementsParts<K>) {
    super(place, label);
    const { holding } = place;
    this.kind = kind;
    this.elements = atomicElements(kind, view, label);
    this.changes = new Changes(holding, holding.segment.bodyOffset / 4 + watched, label);
    this.lockHome = lock;
    LockHolding.of<LockHold>(holding, lock.at(holding.segment)); // clears what this place's last owner, killed, left
  }

  /**
   * The lock that goes with it, for what takes more than one operation, or goes through an array's `view`; nothing here
   * takes it by itself. The same handle each time, closed with this one; whoever has the object has the same lock.
   */
  get lock(): Lock {
    if (this.closed) throw this.closedError("lock");
    this.innerLock ??= InnerLock.of(this.holding, this.lockHome);
    return this.innerLock;
  }

  /** A pending `waitUntil` keeps the process alive, as at first. */
  ref(): this {
    this.changes.hold(true);
    return this;
  }

  unref(): this {
    this.changes.hold(false);
    return this;
  }

  /** Compares and exchanges until nobody was faster; gives what was stored. */
  protected updateElement(index: number, change: (value: ElementValue<K>) => ElementValue<K>): ElementValue<K> {
    const { elements } = this;
    for (;;) {
      const old = elements.get(index);
      const next = elements.stored(change(old));
      const found = elements.compareExchange(index, old, next);
      if (found !== old && !(Number.isNaN(found) && Number.isNaN(old))) continue;
      this.changes.published();
      return next;
    }
  }

  protected override detach(): void {
    this.elements = new ClosedElements(() => this.closedError());
    this.changes.rejectAll(() => this.closedError("waitUntil()"));
    this.innerLock?.close();
  }
}
