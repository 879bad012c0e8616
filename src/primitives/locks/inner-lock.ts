import { HANDLE } from "../../codec.js";
import { MismatchError, UsageError } from "../../errors.js";
import type { Kind } from "../../memory/object.layout.js";
import type { Segment } from "../../memory/segment.js";
import { type Descriptor, type Given, registerKind } from "../handle.js";
import type { Holding } from "../holding.js";
import { type Examine, Place, takeObject } from "../shared-object.js";
import { Lock } from "./lock.js";

/** Where the lock is in objects of one kind. */
export interface InnerLockHome {
  readonly examine: Examine;
  /** Word index of the lock's words. */
  at(segment: Segment): number;
}

const homes = new Map<unknown, { kind: Kind; home: InnerLockHome }>();

/** Says where objects of a kind have their lock, so that it can be handed over by itself. */
export function registerInnerLock(kind: Kind, home: InnerLockHome): InnerLockHome {
  homes.set(kind, { kind, home });
  return home;
}

/** The lock inside another object: a value's, an array's, a condition's. */
export class InnerLock extends Lock {
  /** @internal */
  constructor(place: Place, home: InnerLockHome) {
    super(place, home.at(place.holding.segment));
  }

  static of(holding: Holding, home: InnerLockHome): InnerLock {
    return new InnerLock(new Place(holding, undefined), home);
  }

  /** @throws UsageError: the name is that of the object that the lock is in */
  override unlink(): void {
    throw new UsageError(`${this.label}: unlink() of a lock that is part of another object; unlink that one`);
  }

  override [HANDLE](folder: string): Given {
    const given = super[HANDLE](folder);
    const { kind: of, link } = given.descriptor;
    return { ...given, descriptor: { kind: "inner lock", of, link } };
  }
}

registerKind("inner lock", (folder: string, descriptor: Descriptor) => {
  const found = homes.get(descriptor.of);
  if (!found) throw new MismatchError(`a lock came that is inside of ${JSON.stringify(descriptor.of)}, which has none`);
  const { kind, home } = found;
  return new InnerLock(takeObject(kind, folder, descriptor, home.examine), home);
});
