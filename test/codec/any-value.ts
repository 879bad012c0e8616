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

const viewConstructors = [
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
] as const;

/** A view of one of a few buffers that the whole value has in common. */
const view = fc.record({
  buffer: fc.nat(2),
  type: fc.constantFrom(...viewConstructors),
  start: fc.nat(7),
  length: fc.nat(6),
});

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

function define(object: object, list: [string, Child][], of: (child: Child) => unknown): void {
  for (const [name, one] of list) {
    Object.defineProperty(object, name, { value: of(one), writable: true, enumerable: true, configurable: true });
  }
}

const done = (object: object): Part => ({ object, fill: () => undefined });

function part(buffers: readonly ArrayBuffer[]): fc.Arbitrary<Part> {
  return fc.oneof(
    { weight: 4, arbitrary: entries.map((list): Part => plainPart({}, list)) },
    entries.map((list): Part => plainPart(Object.assign(new Registered()), list)),
    {
      weight: 3,
      arbitrary: fc
        .record({
          list: children,
          holes: fc.array(fc.nat(8), { maxLength: 2 }),
          extra: fc.option(entries, { freq: 6 }),
        })
        .map(arrayPart),
    },
    fc.array(fc.tuple(child, child), { maxLength: 5 }).map((list): Part => {
      const map = new Map();
      return { object: map, fill: (of) => list.forEach(([k, v]) => void map.set(of(k), of(v))) };
    }),
    children.map((list): Part => {
      const set = new Set();
      return { object: set, fill: (of) => list.forEach((one) => void set.add(of(one))) };
    }),
    fc
      .record({ type: fc.constantFrom(Error, TypeError, RangeError), message: text, cause: fc.option(child) })
      .map(({ type, message, cause }): Part => {
        const error = new type(message);
        const fill = (of: (child: Child) => unknown): void => {
          if (cause !== null)
            Object.defineProperty(error, "cause", { value: of(cause), writable: true, configurable: true });
        };
        return { object: error, fill };
      }),
    children.map((list): Part => {
      const errors: unknown[] = [];
      return {
        object: new AggregateErrorOf(errors, "several").error,
        fill: (of) => list.forEach((one) => void errors.push(of(one))),
      };
    }),
    fc.oneof(fc.date({ noInvalidDate: false }), fc.constant(new Date(Number.NaN))).map((date) => done(new Date(date))),
    fc.constantFrom(/a/, /[^/]\n/gimsu, /\p{L}/v, /x/dy).map((regexp) => done(new RegExp(regexp))),
    fc.oneof(number, fc.boolean(), text, fc.bigInt()).map((value) => done(Object(value))),
    view.map(({ buffer, type, start, length }) => {
      const size = "BYTES_PER_ELEMENT" in type ? type.BYTES_PER_ELEMENT : 1;
      return done(new type(buffers[buffer], start * size, length));
    }),
    fc.nat(2).map((number) => done(buffers[number])),
  );
}

function plainPart(object: object, list: [string, Child][]): Part {
  return { object, fill: (of) => define(object, list, of) };
}

function arrayPart({ list, holes, extra }: { list: Child[]; holes: number[]; extra: [string, Child][] | null }): Part {
  const array: unknown[] = [];
  const fill = (of: (child: Child) => unknown): void => {
    list.forEach((one, index) => void (array[index + holes.filter((hole) => hole <= index).length * 3] = of(one)));
    array.length += holes.includes(0) ? 2 : 0;
    if (extra !== null)
      define(
        array,
        extra.filter(([name]) => !/^\d+$/.test(name)),
        of,
      );
  };
  return { object: array, fill };
}

/** An AggregateError copies the list that it is given; here it has the list itself, which is filled later. */
class AggregateErrorOf {
  readonly error = new AggregateError([], "");
  constructor(errors: unknown[], message: string) {
    Object.defineProperty(this.error, "errors", { value: errors, writable: true, configurable: true });
    Object.defineProperty(this.error, "message", { value: message, writable: true, configurable: true });
  }
}

/**
 * Any value that a message can have: leaves, or a graph of up to 30 objects of all kinds that refer to each other at will,
 * with cycles. The views cover their buffers from end to end, so that these arrive whole.
 */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  leaf,
  fc
    .constant(0)
    .chain(() => {
      const buffers = [0, 1, 2].map((n) => new Uint8Array(112).map((_, i) => i * (n + 3)).buffer);
      return fc.tuple(fc.constant(buffers), fc.array(part(buffers), { minLength: 1, maxLength: 30 }));
    })
    .map(([buffers, parts]) => {
      const of = (one: Child): unknown => ("leaf" in one ? one.leaf : parts[one.object % parts.length].object);
      for (const one of parts) one.fill(of);
      return [parts[0].object, buffers, parts.at(-1)?.object];
    }),
);
