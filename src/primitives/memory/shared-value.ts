import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { checkName } from "../../memory/directory.js";
import type { Segment } from "../../memory/segment.js";
import { registerKind } from "../handle.js";
import { registerInnerLock } from "../locks/inner-lock.js";
import {
  createObject,
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
  kindOf,
  viewOf,
} from "./element-kinds.js";
import { ElementsObject } from "./elements-object.js";
import { ELEMENT_KINDS, valueBody, valueBytes, valueLock } from "./values.layout.js";

const labelFor = (kind: ElementKind, name = ""): string => labelOf(`SharedValue(${JSON.stringify(kind)})`, name);

/**
 * One number, bigint or boolean that several processes read and write, each operation as a whole: nobody ever sees half
 * of a value, and no `add` is lost. Operations of all threads have one order.
 *
 * Kinds are `i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 bool`. Integers wrap and lose their fraction as in a typed array,
 * `i64` and `u64` take and give bigint, `f32` rounds. A process that is killed inside an operation has done it or
 * not.
 *
 * `new SharedValue(kind)` is anonymous and reaches others by being handed over; `create`, `open` and `openOrCreate`
 * go by a name. It goes when the last process that holds it closes it or dies. The idea is Python's `Value`, whose
 * `+=` needs a lock.
 *
 * @example
 * const counter = new SharedValue("i32", 40);
 * counter.add(2);
 * console.log(counter.value); // 42
 */
export class SharedValue<K extends ElementKind = ElementKind> extends ElementsObject<K> {
  /**
   * Makes an anonymous value; 0 or false when `initial` is left out.
   *
   * @throws UsageError for a kind that there is not, or a value that the kind does not take
   * @throws SystemError when the memory is not there
   */
  constructor(kind: K, initial?: ElementValue<K>, options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(kind: K, place: Place);
  constructor(kind: K, initial?: ElementValue<K> | Place, options: SharedObjectOptions = {}) {
    const place =
      initial instanceof Place ? initial : makeValue("new SharedValue()", undefined, kind, initial, options);
    const { control, bodyOffset, name } = place.holding.segment;
    const view = viewOf(kind, control, bodyOffset, 1);
    super(place, labelFor(kind, name), { kind, view, watched: valueBody.word.watched, lock: innerLock });
  }

  /** Makes a value under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create<K extends ElementKind>(
    name: string,
    kind: K,
    initial?: ElementValue<K>,
    options: SharedObjectOptions = {},
  ): SharedValue<K> {
    const operation = "SharedValue.create()";
    return new SharedValue(kind, makeValue(operation, checkName(name, operation), kind, initial, options));
  }

  /**
   * Opens the value of that name.
   *
   * @param kind when given, what it must be
   * @throws NotFoundError when there is none
   * @throws MismatchError when it is no value, or one of another kind
   */
  static open<K extends ElementKind = ElementKind>(name: string, kind?: K): SharedValue<K> {
    checkName(name, "SharedValue.open()");
    if (kind !== undefined) checkKind(kind, "SharedValue.open()");
    return valueAt(openObject("value", name, (segment) => examine(segment, kind)));
  }

  /** Opens the value of that name, or makes it with `initial`. @throws MismatchError, UsageError, SystemError */
  static openOrCreate<K extends ElementKind>(
    name: string,
    kind: K,
    initial?: ElementValue<K>,
    options: SharedObjectOptions = {},
  ): SharedValue<K> {
    const operation = "SharedValue.openOrCreate()";
    checkName(name, operation);
    const spec = specOf(operation, kind, initial, options);
    return valueAt(openOrCreateObject(spec, name, options, (segment) => examine(segment, kind), operation));
  }

  /** The value now. Setting it wakes whoever waits. */
  get value(): ElementValue<K> {
    return this.elements.get(0);
  }

  set value(value: ElementValue<K>) {
    this.elements.set(0, value); // publishes: change
    this.changes.published();
  }

  /** Adds and gives the old value. Not for `bool`. */
  add(delta: ElementDelta<K>): ElementValue<K> {
    const old = this.elements.add(0, delta);
    this.changes.published();
    return old;
  }

  /** Subtracts and gives the old value. Not for `bool`. */
  sub(delta: ElementDelta<K>): ElementValue<K> {
    const old = this.elements.sub(0, delta);
    this.changes.published();
    return old;
  }

  /** Stores a value and gives the old one. */
  exchange(value: ElementValue<K>): ElementValue<K> {
    const old = this.elements.exchange(0, value);
    this.changes.published();
    return old;
  }

  /**
   * Stores `replacement` if the value is `expected`, and gives the value it found: it was stored if that is the
   * expected one. Floats are compared as numbers (0 is -0), and NaN is taken for NaN.
   */
  compareExchange(expected: ElementValue<K>, replacement: ElementValue<K>): ElementValue<K> {
    const found = this.elements.compareExchange(0, expected, replacement);
    this.changes.published();
    return found;
  }

  /**
   * Replaces the value by what `change` makes of it, and gives the new one. `change` runs again when another thread
   * was faster, so it should do nothing else.
   */
  update(change: (value: ElementValue<K>) => ElementValue<K>): ElementValue<K> {
    return this.updateElement(0, change);
  }

  /**
   * Waits until `predicate` is true for the value, and resolves with that value. Each operation that writes, in
   * whatever process, has it looked at again; a value that comes and goes may be missed. A pending wait keeps the
   * process alive.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  waitUntil(predicate: (value: ElementValue<K>) => boolean, options?: WaitOptions): Promise<ElementValue<K>> {
    return this.changes.until(() => this.elements.get(0), predicate, options);
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError without a timeout, when nobody else holds the value and so nobody could change it
   */
  waitUntilSync(predicate: (value: ElementValue<K>) => boolean, options?: SyncWaitOptions): ElementValue<K> {
    return this.changes.untilSync(() => this.elements.get(0), predicate, options);
  }
}

function makeValue<K extends ElementKind>(
  operation: string,
  name: string | undefined,
  kind: K,
  initial: ElementValue<K> | undefined,
  options: SharedObjectOptions,
): Place {
  return createObject(specOf(operation, kind, initial, options), name, options, operation);
}

function specOf<K extends ElementKind>(
  operation: string,
  kind: K,
  initial: ElementValue<K> | undefined,
  { maxAttached = MAX_ATTACHED }: SharedObjectOptions,
): ObjectSpec {
  checkKind(kind, operation);
  const detail = ELEMENT_KINDS[kind];
  const first = new ArrayBuffer(8);
  if (initial !== undefined) atomicElements(kind, viewOf(kind, first, 0, 1), labelFor(kind)).set(0, initial);
  return {
    kind: "value",
    detail,
    size: bytesOf(kind),
    bodyBytes: valueBytes(maxAttached),
    initialise: ({ control, bodyOffset }) => new Uint8Array(control, bodyOffset, 8).set(new Uint8Array(first)),
  };
}

/** What is wrong with a value's segment; `kind` is what it must be, if anything. */
function examine({ control, bodyOffset, detail, maxAttached }: Segment, kind?: ElementKind): string | undefined {
  const found = kindOf(detail);
  if (found === undefined) return `its element kind ${detail} is none that this version has`;
  if (control.byteLength < bodyOffset + valueBytes(maxAttached)) return "its file is too short for a value";
  if (kind !== undefined && found !== kind) return `it is of kind ${found}, not ${kind}`;
  return undefined;
}

function valueAt<K extends ElementKind>(place: Place): SharedValue<K> {
  return new SharedValue<K>(kindOf(place.holding.segment.detail) as K, place);
}

registerKind("value", (folder, descriptor) =>
  valueAt(takeObject("value", folder, descriptor, (segment) => examine(segment))),
);

const innerLock = registerInnerLock("value", {
  examine: (segment) => examine(segment),
  at: ({ bodyOffset }) => bodyOffset / 4 + valueLock,
});
