import { constants } from "node:buffer";
import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import { checkName } from "../../memory/directory.js";
import type { Segment } from "../../memory/segment.js";
import { addon } from "../../native/addon.js";
import { registerKind } from "../handle.js";
import { registerInnerLock } from "../locks/inner-lock.js";
import {
  createObject,
  headerSize,
  labelOf,
  MAX_ATTACHED,
  type ObjectSpec,
  openObject,
  openOrCreateObject,
  Place,
  type SharedObjectOptions,
  takeObject,
} from "../shared-object.js";
import { atomicElements } from "./atomic-elements.js";
import {
  bytesOf,
  checkKind,
  type ElementDelta,
  type ElementKind,
  type ElementValue,
  type ElementView,
  kindOf,
  show,
  viewOf,
} from "./element-kinds.js";
import { ElementsObject } from "./elements-object.js";
import { arrayBody, arrayBytes, arrayLock, ELEMENT_KINDS } from "./values.layout.js";

const labelFor = (kind: ElementKind, name = ""): string => labelOf(`SharedArray(${JSON.stringify(kind)})`, name);

/** What an array begins with: so many zeros, or these values. */
export type ArrayContent<K extends ElementKind> = number | Iterable<ElementValue<K>>;

/**
 * A typed array over shared pages, of a fixed length. `view` is that typed array: plain reads and writes at full speed,
 * which others see at some time and in some order, and which wake nobody. `get`, `set`, `add` and the rest work on one
 * element as a whole, in one order for all threads, and wake whoever waits.
 *
 * Kinds, wrapping, names and lifetime are those of {@link SharedValue}. The idea is Python's `Array`.
 *
 * @example
 * const totals = new SharedArray("f64", 3);
 * totals.add(1, 2.5);
 * console.log([...totals]); // [ 0, 2.5, 0 ]
 */
export class SharedArray<K extends ElementKind = ElementKind>
  extends ElementsObject<K>
  implements Iterable<ElementValue<K>>
{
  /** The elements as a typed array; of length 0 once this handle is closed. That of `bool` has bytes, 0 and 1. */
  readonly view: ElementView<K>;
  private readonly data: ArrayBuffer | undefined;

  /**
   * Makes an anonymous array.
   *
   * @param content its length, or the values of its elements
   * @throws UsageError for a kind that there is not, a length that is not 0 or more, or a value that the kind does
   * not take
   * @throws SystemError when the memory is not there
   */
  constructor(kind: K, content: ArrayContent<K>, options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(kind: K, place: Place);
  constructor(kind: K, content: ArrayContent<K> | Place, options: SharedObjectOptions = {}) {
    const operation = "new SharedArray()";
    const place =
      content instanceof Place
        ? content
        : createObject(specOf(operation, kind, content, options), undefined, options, operation);
    const { segment } = place.holding;
    const view = viewOf(kind, place.data ?? new ArrayBuffer(0), 0, headerSize(segment) / bytesOf(kind));
    super(place, labelFor(kind, segment.name), { kind, view, watched: arrayBody.word.watched, lock: innerLock });
    this.view = view;
    this.data = place.data;
  }

  /** Makes an array under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create<K extends ElementKind>(
    name: string,
    kind: K,
    content: ArrayContent<K>,
    options: SharedObjectOptions = {},
  ): SharedArray<K> {
    const operation = "SharedArray.create()";
    checkName(name, operation);
    return arrayAt(createObject(specOf(operation, kind, content, options), name, options, operation));
  }

  /**
   * Opens the array of that name.
   *
   * @param kind when given, what its elements must be
   * @throws NotFoundError when there is none
   * @throws MismatchError when it is no array, or one of another kind
   */
  static open<K extends ElementKind = ElementKind>(name: string, kind?: K): SharedArray<K> {
    checkName(name, "SharedArray.open()");
    if (kind !== undefined) checkKind(kind, "SharedArray.open()");
    return arrayAt(openObject("array", name, (segment) => examine(segment, kind)));
  }

  /**
   * Opens the array of that name, or makes it.
   *
   * @throws MismatchError also for another length; UsageError, SystemError
   */
  static openOrCreate<K extends ElementKind>(
    name: string,
    kind: K,
    content: ArrayContent<K>,
    options: SharedObjectOptions = {},
  ): SharedArray<K> {
    const operation = "SharedArray.openOrCreate()";
    checkName(name, operation);
    const spec = specOf(operation, kind, content, options);
    const length = spec.size / bytesOf(kind);
    return arrayAt(openOrCreateObject(spec, name, options, (segment) => examine(segment, kind, length), operation));
  }

  /** How many elements; 0 once this handle is closed. */
  get length(): number {
    return this.view.length;
  }

  /** The element now. @throws UsageError for an index that there is not */
  get(index: number): ElementValue<K> {
    return this.elements.get(this.check(index));
  }

  /** Stores an element. */
  set(index: number, value: ElementValue<K>): void {
    this.elements.set(this.check(index), value); // publishes: change
    this.changes.published();
  }

  /** Adds to an element and gives its old value. Not for `bool`. */
  add(index: number, delta: ElementDelta<K>): ElementValue<K> {
    const old = this.elements.add(this.check(index), delta);
    this.changes.published();
    return old;
  }

  /** Subtracts from an element and gives its old value. Not for `bool`. */
  sub(index: number, delta: ElementDelta<K>): ElementValue<K> {
    const old = this.elements.sub(this.check(index), delta);
    this.changes.published();
    return old;
  }

  /** Stores an element and gives the old value. */
  exchange(index: number, value: ElementValue<K>): ElementValue<K> {
    const old = this.elements.exchange(this.check(index), value);
    this.changes.published();
    return old;
  }

  /**
   * Stores `replacement` if the element is `expected`, and gives what it found; see {@link
   * SharedValue.compareExchange}.
   */
  compareExchange(index: number, expected: ElementValue<K>, replacement: ElementValue<K>): ElementValue<K> {
    const found = this.elements.compareExchange(this.check(index), expected, replacement);
    this.changes.published();
    return found;
  }

  /** Replaces an element by what `change` makes of it, and gives the new one; `change` may run again. */
  update(index: number, change: (value: ElementValue<K>) => ElementValue<K>): ElementValue<K> {
    return this.updateElement(this.check(index), change);
  }

  /**
   * Waits until `predicate` is true for an element, and resolves with it. Each atomic write to the array has it
   * looked at again; a write through `view` wakes nobody and is seen when the wait looks by itself, within a second.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  async waitUntil(
    index: number,
    predicate: (value: ElementValue<K>) => boolean,
    options?: WaitOptions,
  ): Promise<ElementValue<K>> {
    this.check(index);
    return this.changes.until(() => this.elements.get(index), predicate, options);
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError without a timeout, when nobody else holds the array and so nobody could change it
   */
  waitUntilSync(
    index: number,
    predicate: (value: ElementValue<K>) => boolean,
    options?: SyncWaitOptions,
  ): ElementValue<K> {
    this.check(index);
    return this.changes.untilSync(() => this.elements.get(index), predicate, options);
  }

  /** The elements in order, each read when its turn comes. */
  *[Symbol.iterator](): Generator<ElementValue<K>, void, undefined> {
    for (let index = 0; index < this.view.length; index++) yield this.elements.get(index);
  }

  protected override detach(): void {
    super.detach();
    if (this.data) addon().detach(this.data);
  }

  private check(index: number): number {
    if (index >>> 0 === index && index < this.view.length) return index;
    if (this.closed) throw this.closedError();
    throw new UsageError(`${this.label}: index is ${show(index)}; allowed: 0 to ${this.view.length - 1}`);
  }
}

function specOf<K extends ElementKind>(
  operation: string,
  kind: K,
  content: ArrayContent<K>,
  { maxAttached = MAX_ATTACHED }: SharedObjectOptions,
): ObjectSpec {
  checkKind(kind, operation);
  const values = typeof content === "number" ? undefined : valuesOf(operation, content);
  const length = values ? values.length : (content as number);
  const most = Math.floor(constants.MAX_LENGTH / bytesOf(kind));
  if (!Number.isInteger(length) || length < 0 || length > most)
    throw new UsageError(`${operation}: the length is ${String(length)}; allowed: 0 to ${most}`);
  const size = length * bytesOf(kind);
  const first = values && firstBytes(kind, values);
  return {
    kind: "array",
    detail: ELEMENT_KINDS[kind],
    size,
    bodyBytes: arrayBytes(maxAttached),
    block: size,
    initialise: ({ data }) => {
      if (first && data) new Uint8Array(data).set(first);
    },
  };
}

function valuesOf<V>(operation: string, content: Iterable<V>): V[] {
  if (typeof content === "object" && content !== null && Symbol.iterator in content) return [...content];
  throw new UsageError(`${operation}: the content is ${show(content)}; allowed: a length, or an iterable of values`);
}

/** The values as the array stores them, each one checked. */
function firstBytes<K extends ElementKind>(kind: K, values: readonly ElementValue<K>[]): Uint8Array {
  const buffer = new ArrayBuffer(values.length * bytesOf(kind));
  const elements = atomicElements(kind, viewOf(kind, buffer, 0, values.length), labelFor(kind));
  for (let index = 0; index < values.length; index++) elements.set(index, values[index]);
  return new Uint8Array(buffer);
}

/** What is wrong with an array's segment; `kind` and `length` are what it must have, if anything. */
function examine(segment: Segment, kind?: ElementKind, length?: number): string | undefined {
  const found = kindOf(segment.detail);
  if (found === undefined) return `its element kind ${segment.detail} is none that this version has`;
  if (kind !== undefined && found !== kind) return `it is of kind ${found}, not ${kind}`;
  const elements = headerSize(segment) / bytesOf(found);
  const room = segment.data?.byteLength ?? 0;
  if (!Number.isInteger(elements) || elements < 0 || elements * bytesOf(found) > room)
    return `its header says ${headerSize(segment)} bytes, and the file has ${room}`;
  if (segment.control.byteLength < segment.bodyOffset + arrayBytes(segment.maxAttached))
    return "its file is too short for an array";
  if (length !== undefined && length !== elements) return `its length is ${elements}, not ${length}`;
  return undefined;
}

function arrayAt<K extends ElementKind>(place: Place): SharedArray<K> {
  return new SharedArray<K>(kindOf(place.holding.segment.detail) as K, place);
}

registerKind("array", (folder, descriptor) =>
  arrayAt(takeObject("array", folder, descriptor, (segment) => examine(segment))),
);

const innerLock = registerInnerLock("array", {
  examine: (segment) => examine(segment),
  at: ({ bodyOffset }) => bodyOffset / 4 + arrayLock,
});
