import { HANDLE } from "#src/codec.js";
import { Registered } from "./any-value.js";
import { encoded } from "./round-trip.js";

class Ticket {
  [HANDLE](): void {}
}

const shared = { list: [1, 2, 3] };
const cyclic: Record<string, unknown> = { shared, again: shared };
cyclic.self = cyclic;
const buffer = new Uint8Array(40).map((_, i) => i).buffer;

const values: unknown[] = [
  0,
  -5,
  70_000,
  1.5,
  "text",
  "é".repeat(40),
  "日本",
  2n ** 80n,
  -7n,
  [1, [2, [3, ["four"]]], undefined, null, true],
  Object.assign(new Array(40), { 3: 1, 30: 2 }),
  Object.assign([1, 2], { x: 1, y: "z" }),
  { id: 1, name: "job 1", ok: true },
  Array.from({ length: 20 }, (_, i) => ({ id: i, name: `row ${i}`, at: { x: i / 2, y: -i } })),
  Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`key ${i}`, i])),
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  new Map<unknown, unknown>([
    ["a", 1],
    [{ b: 2 }, new Set([1, "x", null])],
  ]),
  [new Date(0), /a+b/gi, Object(1), Object("s"), Object(5n)],
  new TypeError("bad", { cause: new AggregateError([1, new Error("inner")], "many") }),
  [new Uint8Array(buffer, 4, 8), new Float64Array(buffer, 16, 2), buffer, new DataView(buffer, 1, 3)],
  new Uint8Array(0),
  cyclic,
  Object.assign(new Registered(), { a: 1, b: [2] }),
  [new Registered(), new Registered()],
  [new Ticket(), { deep: new Ticket() }],
];

/** Messages that have everything in them that the format has. */
export const corpus: readonly Uint8Array[] = [...values, values].map(encoded);
