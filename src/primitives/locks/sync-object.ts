import { MismatchError } from "../../errors.js";
import { checkName } from "../../memory/directory.js";
import type { Segment } from "../../memory/segment.js";
import { type Descriptor, registerKind } from "../handle.js";
import {
  createObject,
  labelOf,
  MAX_ATTACHED,
  type ObjectSpec,
  openObject,
  openOrCreateObject,
  type Place,
  SharedObject,
  type SharedObjectOptions,
  takeObject,
} from "../shared-object.js";
import { SYNC_KINDS, type SyncKind, type SyncLayout } from "./sync.layout.js";

/** What the classes of locks, semaphores and the like differ in when one is made or opened. */
export interface SyncClass {
  readonly name: SyncKind;
  readonly layout: SyncLayout;
  /** Makes the handle of what was taken; `descriptor` is what came. */
  readonly at: (place: Place, folder: string, descriptor: Descriptor) => SyncObject;
}

/** Writes the words of a new object, from the word index `at` on. */
export type Initialise = (words: Int32Array, at: number) => void;

const classes = new Map<number, SyncClass>();

/** Names the class of a kind, so that a handle of it that arrives becomes one. */
export function registerSync(sync: SyncClass): SyncClass {
  classes.set(SYNC_KINDS[sync.name], sync);
  return sync;
}

/** A handle of an object that threads wait at. */
export abstract class SyncObject extends SharedObject {
  /** Word index of the kind's own words. */
  protected readonly body: number;
  /** Whether the calls that wait through this handle keep the process alive. */
  protected holdsLoop = true;

  protected constructor(place: Place, what: SyncKind, at?: number) {
    super(place, labelOf(what, place.holding.segment.name));
    this.body = at ?? place.holding.segment.bodyOffset / 4;
  }

  /** A pending call that waits keeps the process alive, as at first. */
  ref(): this {
    return this.hold(true);
  }

  unref(): this {
    return this.hold(false);
  }

  private hold(held: boolean): this {
    this.holdsLoop = held;
    this.holdsChanged();
    return this;
  }

  /** `holdsLoop` counts for the calls that wait already, too. */
  protected abstract holdsChanged(): void;
}

export function makeSync(
  sync: SyncClass,
  name: string | undefined,
  options: SharedObjectOptions = {},
  initialise?: Initialise,
): Place {
  const operation = name === undefined ? `new ${sync.name}()` : `${sync.name}.create()`;
  return createObject(
    specOf(sync, options, initialise),
    name === undefined ? undefined : checkName(name, operation),
    options,
    operation,
  );
}

export function openSync(sync: SyncClass, name: string): Place {
  checkName(name, `${sync.name}.open()`);
  return openObject("lock", name, (segment) => examineSync(segment, sync));
}

export function openOrCreateSync(
  sync: SyncClass,
  name: string,
  options: SharedObjectOptions = {},
  initialise?: Initialise,
): Place {
  const operation = `${sync.name}.openOrCreate()`;
  checkName(name, operation);
  const spec = specOf(sync, options, initialise);
  return openOrCreateObject(spec, name, options, (segment) => examineSync(segment, sync), operation);
}

function specOf(
  sync: SyncClass,
  { maxAttached = MAX_ATTACHED }: SharedObjectOptions,
  initialise?: Initialise,
): ObjectSpec {
  const bodyBytes = sync.layout.bytes(maxAttached);
  return {
    kind: "lock",
    detail: SYNC_KINDS[sync.name],
    size: bodyBytes,
    bodyBytes,
    initialise: ({ words, bodyOffset }) => initialise?.(words.array, bodyOffset / 4),
  };
}

/** What is wrong with a segment that is to be of that class. */
export function examineSync(
  { detail, control, bodyOffset, maxAttached }: Segment,
  sync: SyncClass,
): string | undefined {
  if (detail !== SYNC_KINDS[sync.name]) {
    const found = Object.entries(SYNC_KINDS).find(([, number]) => number === detail);
    return found ? `it is a ${found[0]}, not a ${sync.name}` : `its detail ${detail} is no lock that this version has`;
  }
  return control.byteLength < bodyOffset + sync.layout.bytes(maxAttached) ? "its file is too short for it" : undefined;
}

registerKind("lock", (folder: string, descriptor: Descriptor) => {
  let found: SyncClass | undefined;
  const place = takeObject("lock", folder, descriptor, (segment) => {
    found = classes.get(segment.detail);
    return found ? examineSync(segment, found) : `its detail ${segment.detail} is no lock that this version has`;
  });
  if (!found) throw new MismatchError("a lock that this version does not have");
  return found.at(place, folder, descriptor);
});
