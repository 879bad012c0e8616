/*
 * What a manager serves, and until when.
 *
 * Idea    Each object has a token: a shared object that whoever has a reference is attached to. So the registry of living
 *         threads knows who holds what, also of processes that were killed, and a reference on its way holds as well.
 * States  held by others -> the table holds the object; else only the references that stand in other objects here do, and
 *         with the last of them the garbage collector takes it, cycles included.
 * Order   A reference that goes out makes its object held before it is sent. Who takes one is attached before the link of
 *         its flight is gone. So a look that finds neither holders nor links finds an object that nobody can come to have.
 * Death   A client's holdings end with it; they are looked at when its connection ends, and every few seconds.
 */
import { SharedEvent } from "../../primitives/locks/shared-event.js";

const LOOK_MS = 2000;
const MOST_HOLDERS = 1024;

/** An object that is served. */
export interface Entry {
  readonly id: string;
  readonly object: object;
  readonly token: SharedEvent;
}

const stores = new Map<string, ManagedStore>();

export class ManagedStore {
  /** The objects that others hold, by id: what can be called. */
  readonly held: Record<string, object> = Object.create(null);
  private readonly entries = new Map<string, WeakRef<Entry>>();
  private readonly heldEntries = new Map<string, Entry>();
  private readonly collected = new FinalizationRegistry<{ id: string; token: SharedEvent }>(({ id, token }) => {
    this.entries.delete(id);
    token.close();
  });
  private count = 0;

  /** The store of a manager that is served by this thread, if it is. */
  static of(manager: string): ManagedStore | undefined {
    return stores.get(manager);
  }

  constructor(readonly manager: string) {
    stores.set(manager, this);
    setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** How many objects others hold, as far as was looked. */
  get heldCount(): number {
    return this.heldEntries.size;
  }

  add(kind: string, object: object): Entry {
    // a name that begins with these could not be called
    const id = `${kind.replace(/^[_#]+/, "") || "object"}-${++this.count}`;
    const token = new SharedEvent({ maxAttached: MOST_HOLDERS });
    const entry: Entry = { id, object, token };
    this.entries.set(id, new WeakRef(entry));
    this.collected.register(entry, { id, token });
    return entry;
  }

  find(id: string): Entry | undefined {
    return this.entries.get(id)?.deref();
  }

  /** A reference to it goes out. */
  hold(entry: Entry): void {
    this.heldEntries.set(entry.id, entry);
    this.held[entry.id] = entry.object;
  }

  /** Lets go of what nobody else holds any more. */
  look(): void {
    for (const entry of this.heldEntries.values()) this.lookAt(entry);
  }

  /** The same for one of them. */
  lookAtId(id: string): void {
    const entry = this.heldEntries.get(id);
    if (entry) this.lookAt(entry);
  }

  private lookAt(entry: Entry): void {
    if (entry.token.isHeldElsewhere) return;
    this.heldEntries.delete(entry.id);
    delete this.held[entry.id];
  }
}
