/*
 * The common life of what stands in shared memory for its own sake: values, arrays, blocks of memory.
 *
 * Idea    A thread holds an object once, however many handles of it there are here: one mapping of the control words
 *         and one attachment. A block that users see (`bytes`, `view`) is mapped once for each handle, so that closing
 *         a handle empties its own views and nobody else's.
 * States  held by some handle here -> left: the last handle was closed, or the thread ends
 * Order   open, attach, and only then trust the name: when the object was removed between the two, look again by name
 * Death   Whatever a killed thread held counts as left; the object stays for its other holders, and goes with the last.
 */
import { join as joinPath } from "node:path";
import { HANDLE } from "../codec.js";
import { ClosedError, ExistsError, MismatchError, NotFoundError, UsageError } from "../errors.js";
import { join, removeIfLast, unlinkName } from "../memory/attachments.js";
import { type Kind, objectHeader } from "../memory/object.layout.js";
import { createSegment, openSegment, type Segment, type SegmentSpec } from "../memory/segment.js";
import { registry } from "../memory/this-thread.js";
import { addon } from "../native/addon.js";
import { dropLink, makeLink, removeLink } from "./flight.js";
import { cannotGive, type Descriptor, type Given, type Handing } from "./handle.js";
import { Holding, heldHere } from "./holding.js";
import { sweep, sweepOnce } from "./sweep.js";

/** How an object is made. */
export interface SharedObjectOptions {
  /** `true`: it stays when its last holder closes it or dies, until somebody calls `unlink()`. Default `false`. */
  persist?: boolean;
  /** How many threads may hold it at once: 1 to 65,536, default 128. */
  maxAttached?: number;
}

/** What a kind of object is made of, beside its name and options. */
export type ObjectSpec = Omit<SegmentSpec, "name" | "persist" | "maxAttached">;

/** What one handle is given of an object. */
export class Place {
  constructor(
    readonly holding: Holding,
    /** The block, mapped for this handle alone. */
    readonly data: ArrayBuffer | undefined,
  ) {
    holding.handles++;
  }
}

/** Says what is wrong with a segment of the right kind, or nothing. */
export type Examine = (segment: Segment) => string | undefined;

export const MAX_ATTACHED = 128;
const MOST_ATTACHED = 65_536;
/** Makes an object, under a name or without one. @throws ExistsError, UsageError, SystemError */
export function createObject(
  spec: ObjectSpec,
  name: string | undefined,
  options: SharedObjectOptions,
  operation: string,
): Place {
  const { persist = false, maxAttached = MAX_ATTACHED } = options;
  if (!Number.isInteger(maxAttached) || maxAttached < 1 || maxAttached > MOST_ATTACHED)
    throw new UsageError(`${operation}: maxAttached is ${String(maxAttached)}; allowed: 1 to ${MOST_ATTACHED}`);
  if (typeof persist !== "boolean")
    throw new UsageError(`${operation}: persist is ${String(persist)}; allowed: true or false`);
  const home = registry();
  sweepOnce();
  const make = (): Place => {
    const segment = createSegment(home, { ...spec, name, persist, maxAttached });
    return new Place(new Holding(segment, 0), segment.data);
  };
  try {
    return make();
  } catch (error) {
    // whoever had the name may have been killed since this thread looked
    if (!(error instanceof ExistsError) || sweep() === 0) throw error;
    return make();
  }
}

/** Attaches to the object of that name. @throws NotFoundError, MismatchError, SystemError when its places are taken */
export function openObject(kind: Kind, name: string, examine: Examine): Place {
  const home = registry();
  sweepOnce();
  const path = joinPath(home.directory, name);
  let removed = "";
  for (;;) {
    const segment = openSegment(home, path, kind, name);
    const { id } = segment;
    const wrong =
      segment.name === name ? examine(segment) : `its header says that its name is ${JSON.stringify(segment.name)}`;
    if (wrong !== undefined) refuse(segment, kind, name, wrong);
    if (id === removed) refuse(segment, kind, name, "its header says that it was removed, and the file is still there");
    const place = attach(segment);
    if (place) return place;
    removed = id;
  }
}

/** Attaches to the object of that name, or makes it. */
export function openOrCreateObject(
  spec: ObjectSpec,
  name: string,
  options: SharedObjectOptions,
  examine: Examine,
  operation: string,
): Place {
  for (;;) {
    try {
      return openObject(spec.kind, name, examine);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    try {
      return createObject(spec, name, options, operation);
    } catch (error) {
      if (!(error instanceof ExistsError)) throw error;
    }
  }
}

/** Attaches through a handle's link, and takes the link away. */
export function takeObject(kind: Kind, folder: string, { link }: Descriptor, examine: Examine): Place {
  const segment = openSegment(registry(), joinPath(folder, link), kind, `${kind} in flight`);
  const wrong = examine(segment);
  if (wrong !== undefined) refuse(segment, kind, segment.name, wrong);
  const place = attach(segment);
  if (!place) throw new NotFoundError(`${kind}: take, and it was removed`, { resource: segment.name || undefined });
  removeLink(folder, link);
  return place;
}

function attach(segment: Segment): Place | undefined {
  const known = heldHere(segment);
  if (known) {
    addon().detach(segment.control);
    return new Place(known, segment.data);
  }
  let index: number;
  try {
    index = join(segment);
  } catch (error) {
    segment.unmap();
    throw error;
  }
  if (index >= 0) return new Place(new Holding(segment, index), segment.data);
  segment.unmap();
  return undefined;
}

function refuse(segment: Segment, kind: Kind, name: string, wrong: string): never {
  segment.unmap();
  throw new MismatchError(`${kind} ${JSON.stringify(name)}: open, and ${wrong}`, { resource: name || undefined });
}

/** A handle of a shared object. */
export abstract class SharedObject implements Disposable, Handing {
  protected readonly holding: Holding;
  private isClosed = false;

  protected constructor(
    place: Place,
    /** How errors speak of it. */
    protected readonly label: string,
  ) {
    this.holding = place.holding;
  }

  /** The name it was made with; empty when it is anonymous. */
  get name(): string {
    return this.holding.segment.name;
  }

  /** Whether this handle was closed. */
  get closed(): boolean {
    return this.isClosed;
  }

  /** @internal Whether another thread holds it too, or will: a handle is on its way. */
  get isHeldElsewhere(): boolean {
    return !this.isClosed && this.holding.isHeldElsewhere;
  }

  /**
   * Gives this handle up; allowed twice. Its views become empty (length 0), every other use is a ClosedError. The
   * object stays for whoever else holds it and goes with its last holder, unless it was made with `persist`.
   *
   * A native call of Node's that still works on its bytes (zlib, fs, crypto) must have ended: Node crashes when they
   * are taken from under one.
   */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.detach();
    this.holding.release();
  }

  /**
   * Takes the name away: nobody finds it any more, the name is free, and the object goes with its last holder even if
   * it was made with `persist`. Also allowed after `close()`.
   *
   * @throws NotFoundError when it has no name, or not any more
   */
  unlink(): void {
    const { segment } = this.holding;
    if (segment.isMapped) return unlinkName(segment);
    const gone = (): NotFoundError =>
      new NotFoundError(`${this.label}: unlink(), and it has no name any more`, { resource: this.name || undefined });
    if (this.name === "") throw gone();
    const found = openSegment(registry(), joinPath(segment.registry.directory, this.name), segment.kind, this.name);
    try {
      if (found.id !== segment.id) throw gone();
      unlinkName(found);
      removeIfLast(found);
    } finally {
      found.unmap();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hands it over: the other process gets the same object, and this handle stays. */
  [HANDLE](folder: string): Given {
    if (this.isClosed) throw cannotGive(this.label, "it is closed");
    const { segment } = this.holding;
    const link = makeLink(folder, segment);
    return {
      descriptor: { kind: segment.kind, link },
      commit: () => undefined,
      undo: () => dropLink(folder, link),
    };
  }

  /** Empties what this handle shows of the object; called once. */
  protected abstract detach(): void;

  protected closedError(operation = "used"): ClosedError {
    return new ClosedError(`${this.label}: ${operation} after close()`, { resource: this.name || undefined });
  }
}

/** How errors speak of an object: what it is and, if it has one, its name. */
export function labelOf(what: string, name: string): string {
  return name === "" ? what : `${what} ${JSON.stringify(name)}`;
}

/**
 * The bytes of the user's data, as the header has them; nobody else's word for a size is taken without a look at the
 * file.
 */
export function headerSize(segment: Segment): number {
  return new Float64Array(segment.control, objectHeader.offset.size, 1)[0];
}
