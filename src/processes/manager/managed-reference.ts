import { HANDLE } from "../../codec.js";
import { CodecError } from "../../errors.js";
import {
  cannotGive,
  type Descriptor,
  type Given,
  type Handing,
  registerKind,
  takeHandle,
} from "../../primitives/handle.js";
import { SharedEvent } from "../../primitives/locks/shared-event.js";
import { exposedMethod } from "../../rpc/exposed-method.js";
import { isPublicName } from "../../rpc/public-name.js";
import type { Remote } from "../../rpc/remote.js";
import { RemoteCall } from "../../rpc/remote-call.js";
import { type Entry, ManagedStore } from "./managed-store.js";
import { ManagerLink } from "./manager-link.js";

/**
 * A reference to an object that a manager serves: its methods, awaited. It can be passed on in any message over shared
 * memory, to `spawn` and to a Pool, and stand in other managed objects. The object lives as long as some process has a reference,
 * or another object of its manager. `close()` gives this reference up, and so does the garbage collector; a method of the object
 * that is called `close` cannot be reached by it.
 */
export type Managed<T extends object> = Omit<Remote<T>, "close"> & ManagedHandle;

/** What all references have besides the methods of the object. */
export interface ManagedHandle extends Disposable {
  /** Gives this reference up; allowed twice. */
  close(): void;
}

/** What a reference stands for, in the process that serves it or in another one. */
interface Place {
  readonly manager: string;
  readonly id: string;
  /** Of the process that serves it. */
  readonly entry: Entry | undefined;
  /** Of another one. */
  readonly link: ManagerLink | undefined;
  readonly token: SharedEvent;
}

/** Beside the references, so that no name of theirs can be in the way of a method's. */
const places = new WeakMap<object, Place>();
const collected = new FinalizationRegistry<Place>(giveUp);

/** What all references have: how they are handed on and given up. Everything else is a method of the served object. */
class Reference implements Handing, Disposable {
  [HANDLE](folder: string): Given {
    const place = placeOf(this, "hand over");
    if (place.entry) ManagedStore.of(place.manager)?.hold(place.entry);
    const token = place.token[HANDLE](folder);
    const { link, ...rest } = token.descriptor; // whoever carries it may rename the link
    return { ...token, descriptor: { kind: "managed", link, token: rest, manager: place.manager, id: place.id } };
  }

  close(): void {
    const place = places.get(this);
    if (!place) return;
    places.delete(this);
    collected.unregister(this);
    giveUp(place);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const methods = new Map<string, (this: object, ...args: unknown[]) => Promise<unknown>>();

/** Whatever else is asked of a reference is a method of the object, there or not. */
const prototype = new Proxy(Reference.prototype, {
  get(target, name, receiver) {
    if (typeof name !== "string" || name in target || !isPublicName(name)) return Reflect.get(target, name, receiver);
    let method = methods.get(name);
    if (!method) {
      method = function (...args) {
        return call(this, name, args);
      };
      methods.set(name, method);
    }
    return method;
  },
});

function call(reference: object, name: string, args: readonly unknown[]): Promise<unknown> {
  try {
    const { link, entry, id } = placeOf(reference, `${name}()`);
    if (link) return link.call([id, name], args);
    const method = exposedMethod((entry as Entry).object, name);
    return new RemoteCall((resolve) => resolve(Reflect.apply(method.call, method.object, args)));
  } catch (error) {
    return Promise.reject(error);
  }
}

function referenceTo(place: Place): object {
  const reference = Object.create(prototype) as object;
  places.set(reference, place);
  collected.register(reference, place, reference);
  place.link?.hold();
  return reference;
}

/** A reference in the process that serves the object. */
export function ownReference(manager: string, entry: Entry): object {
  return referenceTo({ manager, id: entry.id, entry, link: undefined, token: entry.token });
}

/** Whether a value is a reference to a managed object. */
export const isManaged = (value: object): boolean => places.has(value);

function placeOf(reference: object, operation: string): Place {
  const place = places.get(reference);
  if (place) return place;
  throw cannotGive("a reference of a manager", `${operation} after it was disposed of`);
}

function giveUp({ entry, link, token, id }: Place): void {
  if (entry || !link) return;
  token.close();
  link.call(["manager", "released"], [id]).catch(() => undefined);
  link.release();
}

function take(folder: string, { link, token, manager, id }: Descriptor): object {
  if (typeof manager !== "string" || typeof id !== "string" || typeof token !== "object")
    throw new CodecError("a reference of a manager came that is malformed");
  const taken = takeHandle(folder, { ...(token as Descriptor), link });
  if (!(taken instanceof SharedEvent)) throw new CodecError("a reference of a manager came without its token");
  const store = ManagedStore.of(manager);
  if (!store) return referenceTo({ manager, id, entry: undefined, link: ManagerLink.to(manager), token: taken });
  taken.close();
  const entry = store.find(id);
  if (!entry) throw new CodecError(`a reference came home, and ${id} is not there any more`);
  return ownReference(manager, entry);
}

registerKind("managed", take);
