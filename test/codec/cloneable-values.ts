import { runInNewContext } from "node:vm";

const shared = { deep: [1, 2] };
const cyclic: Record<string, unknown> = { name: "root", list: [shared, shared] };
cyclic.self = cyclic;
(cyclic.list as unknown[]).push(cyclic);
const selfish = new Map<unknown, unknown>([["a", 1]]);
selfish.set(selfish, selfish);
const selfSet = new Set<unknown>([1]);
selfSet.add(selfSet);
const failing = new RangeError("outer", { cause: { details: [1, 2] } });
/** An array of that length which has these elements and properties, and holes else. */
export function holey(length: number, present: Record<string | number, unknown> = {}): unknown[] {
  return Object.assign(new Array(length), present);
}
/** Values for which structuredClone is the specification. */
export const cloneable: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  booleans: [true, false],
  "integers at the borders of their tags": [
    0,
    1,
    63,
    64,
    255,
    256,
    65535,
    65536,
    2 ** 31 - 1,
    -1,
    -256,
    -257,
    -(2 ** 31),
  ],
  "numbers that are no int32": [
    -0,
    0.5,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    Number.NaN,
    1 / 0,
    -1 / 0,
  ],
  "bigints of 64 bits": [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  "larger bigints": [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 3n ** 500n, -(7n ** 777n)],
  "ascii strings": ["", "a", "x".repeat(31), "x".repeat(32), "y".repeat(70_000)],
  "latin1 strings": ["é", "ÿ\u0000\u007f\u0080", "ü".repeat(19), "ü".repeat(20), "ü".repeat(5000)],
  "other strings": ["Ā", "日本語", "語".repeat(31), "😀".repeat(40), `${"a".repeat(100)}😀`],
  "lone surrogates": ["\ud800", "a\udc00b", "\udfff\ud800".repeat(40)],
  dates: [new Date(0), new Date(1234567890123), new Date(-1), new Date(Number.NaN)],
  "regular expressions": [/a/, /a\/b\n/dgimsuy, /(?:)/, /日本/u],
  "boxed primitives": [Object(1), Object(-0), Object("text"), Object(true), Object(false), Object(5n)],
  "plain objects": [{}, { a: 1 }, { b: { c: { d: [] } }, a: undefined }, { 2: "two", 1: "one", b: 0, "": 1 }],
  "keys of all kinds": {
    é: 1,
    日本: 2,
    "\ud800": 3,
    "a b": 4,
    ["k".repeat(300)]: 5,
    4294967295: 6,
    4294967294: 7,
    "-1": 8,
  },
  "an object with many keys": Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`key${i}`, i])),
  "many objects of many shapes": Array.from({ length: 700 }, (_, i) => ({ [`k${i}`]: i, z: { [`y${i % 20}`]: 1 } })),
  "keys that Object.prototype has": JSON.parse(
    '{"__proto__":{"a":1},"constructor":2,"toString":null,"hasOwnProperty":3}',
  ),
  "objects without prototype": Object.assign(Object.create(null), { a: 1, b: Object.create(null) }),
  "an object above another": Object.assign(Object.create({ inherited: 1 }), { own: 2 }),
  arrays: [
    [],
    [1],
    [[[]]],
    Array.from({ length: 15 }, (_, i) => i),
    Array.from({ length: 16 }, String),
    new Array(5000).fill("x"),
  ],
  "arrays with holes": [holey(6, { 1: 1, 4: 2 }), holey(1), holey(20), holey(3000, { 100: 1, 1000: 2 })],
  "arrays with other properties": [
    Object.assign([1, 2], { x: 1, y: [2] }),
    holey(2, { 1: 1, x: 1 }),
    Object.assign(new Array(100).fill(7), { x: 1 }),
    Object.assign(new Array(1000).fill(7.5), { x: 1, "-1": 2, "01": 3 }),
    Object.assign([[1]], { x: 1 }),
    Object.assign([Object.assign([holey(3)], { y: 2 })], { x: 1 }),
    "a1b2".match(/(?<letter>[a-z])\d/),
  ],
  "a sparse array": holey(95_000_000, { 5000000: "x", 90000000: "y" }),
  maps: [
    new Map(),
    new Map<unknown, unknown>([
      [1, "a"],
      ["k", { a: 1 }],
      [{}, new Map()],
      [Number.NaN, -0],
    ]),
  ],
  sets: [new Set(), new Set<unknown>([1, "1", {}, new Set([2])])],
  buffers: [new ArrayBuffer(0), new Uint8Array([1, 2, 3]).buffer],
  "typed arrays": [
    new Int8Array([-1, 2]),
    new Uint8Array([1, 255]),
    new Uint8ClampedArray([0, 255]),
    new Int16Array([-300, 300]),
    new Uint16Array([65535]),
    new Int32Array([-70_000]),
    new Uint32Array([2 ** 32 - 1]),
    new Float32Array([1.5, Number.NaN]),
    new Float64Array([-0, 1e300]),
    new BigInt64Array([-1n, 2n ** 62n]),
    new BigUint64Array([2n ** 64n - 1n]),
    new DataView(new Uint8Array([1, 2, 3]).buffer),
    new Float64Array(0),
  ],
  errors: [new Error("plain"), new Error(), new TypeError("type"), failing, new URIError(""), new SyntaxError("s")],
  "an error without a stack": Object.assign(new EvalError("e"), { stack: undefined }),
  "shared references": [shared, shared, { shared }],
  cycles: [cyclic, selfish, selfSet],
  "an object of another realm": runInNewContext("({ a: [1, new Map([[1, { b: 2 }]])], d: new Date(5) })"),
};
