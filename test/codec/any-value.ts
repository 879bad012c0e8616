import fc from "fast-check";
import { registerClass } from "#src/codec.js";

/** A registered class, so that instances occur among the values. */
export class Registered {
  [key: string]: unknown;
}
registerClass(Registered, { name: "test.Registered" });

const codeUnits = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0x1ff), fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe010 })), {
    maxLength: 40,
  })
  .map((units) => String.fromCharCode(...units));

const text = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  codeUnits,
  fc.nat(400).map((length) => "long ".repeat(length)),
);

const key = fc.oneof(
  fc.constantFrom(
    "id",
    "name",
    "value",
    "children",
    "__proto__",
    "constructor",
    "toString",
    "",
    "0",
    "7",
    "65",
    "1000",
    "-1",
    "4294967295",
  ),
  text,
);

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.nat(300),
  fc.constantFrom(-0, Number.NaN, 2 ** 31, -(2 ** 31), 1 / 0),
);

const leaf = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 3, arbitrary: text },
  fc.boolean(),
  fc.constantFrom(undefined, null),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 900n), max: 2n ** 900n }),
);

/** What all views have in common. */
interface View {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
}

const views: readonly View[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];

/** What an object has in it: a leaf, or the object with that number (modulo how many there are). */
type Child = { leaf: unknown } | { object: number };
const child: fc.Arbitrary<Child> = fc.oneof(
  { weight: 3, arbitrary: leaf.map((value) => ({ leaf: value })) },
  { weight: 2, arbitrary: fc.nat(30).map((object) => ({ object })) },
);

const entries = fc.array(fc.tuple(key, child), { maxLength: 6 });
const children = fc.array(child, { maxLength: 6 });

/** An object by itself; `fill` puts the others in. */
interface Part {
  readonly object: object;
  fill(of: (child: Child) => unknown): void;
}

/** Makes a part anew each time: a value that a test has failed with is put together again while it is made smaller. */
type Maker = (buffers: readonly ArrayBuffer[]) => Part;

const whole = (object: object): Part => ({ object, fill: () => undefined });

function define(object: object, list: readonly [string, Child][], of: (child: Child) => unknown): void {
  for (const [name, one] of list) {
    Object.defineProperty(object, name, { value: of(one), writable: true, enumerable: true, configurable: true });
  }
}

function quietly(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
}

const plainObject = entries.map(
  (list): Maker =>
    () => {
      const object = {};
      return { object, fill: (of) => define(object, list, of) };
    },
);

const instance = entries.map(
  (list): Maker =>
    () => {
      const object = new Registered();
      return { object, fill: (of) => define(object, list, of) };
    },
);

/** Before each element, so many holes. */
const array = fc
  .record({
    list: fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 70), child), { maxLength: 6 }),
    last: fc.constantFrom(0, 0, 3),
  })
  .chain((elements) => fc.tuple(fc.constant(elements), fc.option(entries, { freq: 6 })))
  .map(
    ([{ list, last }, extra]): Maker =>
      () => {
        const object: unknown[] = [];
        const fill = (of: (child: Child) => unknown): void => {
          for (const [holes, one] of list) object[object.length + holes] = of(one);
          object.length += last;
          define(object, extra?.filter(([name]) => !/^\d+$|^length$/.test(name)) ?? [], of);
        };
        return { object, fill };
      },
  );

const map = fc.array(fc.tuple(child, child), { maxLength: 5 }).map(
  (list): Maker =>
    () => {
      const object = new Map<unknown, unknown>();
      const fill = (of: (child: Child) => unknown): void => {
        for (const [key, value] of list) object.set(of(key), of(value));
      };
      return { object, fill };
    },
);

const set = children.map(
  (list): Maker =>
    () => {
      const object = new Set<unknown>();
      const fill = (of: (child: Child) => unknown): void => {
        for (const one of list) object.add(of(one));
      };
      return { object, fill };
    },
);

const error = fc
  .record({ Type: fc.constantFrom(Error, TypeError, RangeError), message: text, cause: fc.option(child) })
  .map(
    ({ Type, message, cause }): Maker =>
      () => {
        const object = new Type(message);
        return { object, fill: (of) => cause !== null && quietly(object, "cause", of(cause)) };
      },
  );

const aggregateError = children.map(
  (list): Maker =>
    () => {
      const object = new AggregateError([], "several");
      return { object, fill: (of) => quietly(object, "errors", list.map(of)) };
    },
);

const view = fc.record({ buffer: fc.nat(2), Type: fc.constantFrom(...views), start: fc.nat(7), length: fc.nat(6) }).map(
  ({ buffer, Type, start, length }): Maker =>
    (buffers) => {
      const size = Type.BYTES_PER_ELEMENT ?? 1;
      return whole(new Type(buffers[buffer], start * size, length));
    },
);

const dates = fc.oneof(fc.date(), fc.constant(new Date(Number.NaN)));
const regexps = fc.constantFrom(/a/, /[^/]\n/gimsu, /x/dy, /(?<name>日本)/);
const primitives = fc.oneof(number, fc.boolean(), text, fc.bigInt());

const anyPart: fc.Arbitrary<Maker> = fc.oneof(
  { weight: 4, arbitrary: plainObject },
  { weight: 3, arbitrary: array },
  instance,
  map,
  set,
  error,
  aggregateError,
  view,
  dates.map(
    (date): Maker =>
      () =>
        whole(new Date(date)),
  ),
  regexps.map(
    (regexp): Maker =>
      () =>
        whole(new RegExp(regexp)),
  ),
  primitives.map(
    (value): Maker =>
      () =>
        whole(Object(value)),
  ),
  fc.nat(2).map(
    (number): Maker =>
      (buffers) =>
        whole(buffers[number]),
  ),
);

/**
 * Any value that a message can have: leaves, or a graph of up to 30 objects of all kinds that refer to each other at will,
 * with cycles. The buffers of the views stand in it too, so that they arrive whole.
 */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  leaf,
  fc.array(anyPart, { minLength: 1, maxLength: 30 }).map((makers) => {
    const buffers = [3, 4, 5].map((factor) => new Uint8Array(112).map((_, i) => i * factor).buffer);
    const parts = makers.map((make) => make(buffers));
    const of = (one: Child): unknown => ("leaf" in one ? one.leaf : parts[one.object % parts.length].object);
    for (const one of parts) one.fill(of);
    return [parts[0].object, buffers, parts.at(-1)?.object];
  }),
);
