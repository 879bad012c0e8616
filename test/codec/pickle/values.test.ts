import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import {
  NumpyArray,
  PythonDateTime,
  PythonDeque,
  PythonError,
  PythonFraction,
  PythonRange,
  PythonTime,
  PythonTimeDelta,
  PythonTimeZone,
  PythonTuple,
  PythonZoneInfo,
} from "#src/codec/pickle/python-values.js";
import { UsageError } from "#src/errors.js";
import { pythons } from "./pythons.js";
import { pickled, reprs, runPython } from "./run-python.js";

const codec = pickleCodec();
const python = pythons().at(-1);
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const roundTrip = (value: unknown): unknown => codec.decode(codec.encode(value));

describe("pickle: values", () => {
  test("smoke: any JSON value comes back equal", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Python has one null, and -0 is a float there too
        assert.deepEqual(roundTrip(value), value);
      }),
      { numRuns: 500 },
    );
  });

  test("any string and any number come back equal, and so does any bigint as the number it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => assert.equal(roundTrip(text), text)),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0xd7ff, max: 0xe001 }), { maxLength: 80 }), (codes) => {
        const text = String.fromCharCode(...codes);
        assert.equal(roundTrip(text), text);
      }),
    );
    fc.assert(fc.property(fc.double(), (value) => assert.ok(Object.is(roundTrip(value), value))));
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => assert.equal(roundTrip(value), value)));
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const near = Number(value);
        assert.equal(roundTrip(value), Number.isSafeInteger(near) ? near : value);
      }),
    );
    for (let bits = 0n; bits < 600n; bits++)
      for (const value of [2n ** bits, -(2n ** bits), 2n ** bits - 1n, -(2n ** bits) - 1n])
        assert.equal(BigInt(roundTrip(value) as number | bigint), value);
  });

  test("bytes come back in memory of their own, whatever their length", () => {
    for (const length of [0, 1, 255, 256, 65_535, 65_536, 1 << 20]) {
      const bytes = new Uint8Array(length).fill(7);
      const pickle = codec.encode(bytes);
      const back = codec.decode(pickle) as Uint8Array;
      pickle.fill(0);
      assert.deepEqual(back, bytes);
      assert.equal(back.buffer.byteLength, length);
    }
  });

  test("an encoded message is not changed by the next one", () => {
    for (const length of [10, 100_000]) {
      const first = codec.encode("a".repeat(length));
      const copy = Buffer.from(first);
      codec.encode("b".repeat(length));
      assert.ok(copy.equals(first));
    }
  });

  test("lists, dicts and sets of more than a thousand elements come back whole", () => {
    for (const length of [999, 1000, 1001, 2000, 2001]) {
      const list = Array.from({ length }, (_, i) => i);
      assert.deepEqual(roundTrip(list), list);
      assert.deepEqual(roundTrip(new Set(list)), new Set(list));
      assert.deepEqual(roundTrip(new Map(list.map((i) => [i, [i]]))), new Map(list.map((i) => [i, [i]])));
      const object = Object.fromEntries(list.map((i) => [`k${i}`, { i }]));
      assert.deepEqual(roundTrip(object), object);
    }
  });

  test("a dict is a Map from the first key on that is no str, even in the second thousand", () => {
    const map = new Map<unknown, unknown>(Array.from({ length: 1500 }, (_, i) => [`k${i}`, i]));
    assert.deepEqual(roundTrip(map), Object.fromEntries(map));
    map.set(1, "x");
    assert.deepEqual(roundTrip(map), map);
    assert.deepEqual(roundTrip(new Map([[1, 2]])), new Map([[1, 2]]));
  });

  test("shared and cyclic objects stay so: in Arrays, objects, Maps, Errors' causes", () => {
    const shared = { a: 1 };
    const map = new Map<unknown, unknown>([[1, shared]]);
    map.set("me", map);
    const error = new TypeError("no", { cause: new RangeError("why") });
    const value = [shared, map, error, error, [shared]];
    const back = roundTrip(value) as [object, Map<unknown, unknown>, PythonError, PythonError, [object]];
    assert.equal(back[1].get(1), back[0]);
    assert.equal(back[1].get("me"), back[1]);
    assert.equal(back[4][0], back[0]);
    assert.equal(back[2], back[3]);
    assert.equal((back[2].cause as PythonError).name, "ValueError");
  });

  test("an Array that is both a key and an element is a tuple in one place and a list in the other", () => {
    const pair = [1, [2]];
    const [list, map] = roundTrip([pair, new Map([[pair, "x"]]), pair]) as [unknown, Map<unknown, unknown>];
    assert.deepEqual(list, pair);
    assert.deepEqual([...map], [[pair, "x"]]);
    if (python !== undefined)
      assert.deepEqual(reprs(python, [codec.encode([pair, new Map([[pair, "x"]]), pair])]), [
        "[[1, [2]], {(1, (2,)): 'x'}, [1, [2]]]",
      ]);
  });

  test("keys that are equal to names of globals stay keys", () => {
    const value = { "builtins\0range": 1, a: [new PythonRange(0, 1), { "builtins\0range": 2 }] };
    assert.deepEqual(roundTrip(value), value);
  });

  test("Python 2 strings become what `encoding` says", () => {
    const pickle = latin1("(S'a\\xe9'\nU\x02a\xe9T\x02\x00\x00\x00a\xe9t.");
    assert.throws(() => codec.decode(pickle), /not ASCII/);
    assert.deepEqual(pickleCodec({ encoding: "latin1" }).decode(pickle), ["aé", "aé", "aé"]);
    const bytes = Uint8Array.of(97, 0xe9);
    assert.deepEqual(pickleCodec({ encoding: "bytes" }).decode(pickle), [bytes, bytes, bytes]);
    assert.equal(codec.decode(latin1("S'it\\'s \\\\ \\n\\x41\\101'\n.")), "it's \\ \nAA");
    assert.equal(codec.decode(latin1('S"a\'b"\n.')), "a'b");
  });

  test("what Python 2 has pickled is read", () => {
    const fromPython2 =
      "\x80\x02}q\x01(U\x01aq\x02K\x01X\x01\x00\x00\x00bq\x03]q\x04(G?\xf8\x00\x00\x00\x00\x00\x00\x88Ne\x8a\x05\x00\x00\x00\x80\x00c__builtin__\nset\nq\x05]q\x06K\x01a\x85Rq\x07u.";
    assert.deepEqual(
      codec.decode(latin1(fromPython2)),
      new Map<unknown, unknown>([
        ["a", 1],
        ["b", [1.5, true, null]],
        [2 ** 31, new Set([1])],
      ]),
    );
  });

  test("None may be in the memo, under any number", () => {
    assert.deepEqual(codec.decode(latin1("(Np0\n0g0\nNp99999\n0g99999\nt.")), [null, null]);
  });

  test("buffers beside a pickle of protocol 5 stand where the pickle says", (t) => {
    if (python === undefined || python.version[1] < 8) return t.skip("needs Python 3.8");
    const program = `import sys, json, pickle
buffers = []
data = pickle.dumps([pickle.PickleBuffer(bytearray(b'abc')), pickle.PickleBuffer(b'de')], 5, buffer_callback=buffers.append)
print(json.dumps([data.hex()] + [bytes(one).hex() for one in buffers]))`;
    const [data, ...buffers] = (runPython(python, program, null) as string[]).map((hex) =>
      Uint8Array.from(Buffer.from(hex, "hex")),
    );
    assert.deepEqual(codec.decode(data, { buffers }), buffers);
    assert.equal((codec.decode(data, { buffers }) as unknown[])[0], buffers[0]);
    assert.throws(() => codec.decode(data, { buffers: [buffers[0]] }), /buffer 1 beside the pickle; given were 1/);
  });
});

describe("pickle: times", () => {
  test("smoke: a Date comes back as the same instant", () => {
    for (const ms of [0, -1, 1, 1e12 + 123, Date.UTC(9999, 11, 31, 23, 59, 59, 999), -62135596800000]) {
      const back = roundTrip(new Date(ms)) as Date;
      assert.equal(Object.getPrototypeOf(back), Date.prototype);
      assert.equal(back.getTime(), ms);
    }
  });

  test("a PythonDateTime is a Date of its instant, in any zone, and on both sides of a change of clocks", () => {
    const at = (
      hour: number,
      zone: PythonTimeZone | PythonZoneInfo | null,
      fold: 0 | 1 = 0,
      month = 10,
      day = 27,
    ): PythonDateTime =>
      new PythonDateTime({ year: 2024, month, day, hour, minute: 30, microsecond: 1999, zone, fold });
    const berlin = new PythonZoneInfo("Europe/Berlin");
    const east = new PythonTimeZone(new PythonTimeDelta(0, 5.5 * 3600));
    const west = new PythonTimeZone(new PythonTimeDelta(-1, 19 * 3600), "EST");
    assert.equal(at(12, east).toISOString(), "2024-10-27T07:00:00.001Z");
    assert.equal(at(12, west).toISOString(), "2024-10-27T17:30:00.001Z");
    assert.equal(at(2, berlin).toISOString(), "2024-10-27T00:30:00.001Z");
    assert.equal(at(2, berlin, 1).toISOString(), "2024-10-27T01:30:00.001Z");
    assert.equal(at(12, berlin).toISOString(), "2024-10-27T11:30:00.001Z");
    assert.equal(at(12, berlin, 0, 7).toISOString(), "2024-07-27T10:30:00.001Z");
    assert.equal(at(12, null).getTime(), new Date(2024, 9, 27, 12, 30, 0, 1).getTime());
    assert.ok(Number.isNaN(at(12, new PythonZoneInfo("Nowhere/Here")).getTime()));
    assert.ok(at(12, null) instanceof Date);
  });

  test("instants are those of Python's timestamp(), in every zone", (t) => {
    if (python === undefined || python.version[1] < 9) return t.skip("needs Python 3.9");
    const expressions = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"].flatMap((zone) =>
      [
        [3, 10, 2],
        [3, 31, 2],
        [10, 27, 2],
        [11, 3, 1],
        [4, 7, 1],
        [10, 6, 2],
        [7, 1, 12],
      ].flatMap(([month, day, hour]) =>
        [0, 1].map(
          (fold) =>
            `datetime.datetime(2024, ${month}, ${day}, ${hour}, 30, fold=${fold}, tzinfo=zoneinfo.ZoneInfo('${zone}'))`,
        ),
      ),
    );
    const stamps = runPython(
      python,
      `import sys, json, datetime, zoneinfo
print(json.dumps([eval(one).timestamp() for one in json.load(sys.stdin)]))`,
      expressions,
    ) as number[];
    const dates = pickled(python, expressions, 4).map((bytes) => codec.decode(bytes) as Date);
    assert.deepEqual(
      dates.map((date) => date.getTime() / 1000),
      stamps,
    );
  });

  test("a PythonDateTime that a setter has moved is written as its new instant, in UTC", () => {
    const moved = new PythonDateTime({ year: 2024, month: 1, day: 2, microsecond: 5 });
    moved.setTime(1000);
    assert.deepEqual(roundTrip(moved), new Date(1000));
  });

  test("times that no clock has are refused by the writer", () => {
    assert.throws(() => codec.encode(new PythonTime(24)), /a time of day that no clock has/);
    assert.throws(
      () => codec.encode(new PythonDateTime({ year: 0, month: 1, day: 1 })),
      /Python has the years 1 to 9999/,
    );
  });
});

describe("pickle: errors", () => {
  test("smoke: an exception's message is what str() says, or close", (t) => {
    if (python === undefined) return t.skip("needs Python");
    const rows: readonly (readonly [string, string])[] = [
      ["ValueError('bad')", "bad"],
      ["ValueError()", ""],
      ["ValueError(3)", "3"],
      ["FileNotFoundError(2, 'No such file', 'x')", '[Errno 2] No such file: "x"'],
      ["RuntimeError('a', 1)", '("a", 1)'],
    ];
    const found = pickled(
      python,
      rows.map(([expression]) => expression),
      4,
    ).map((bytes) => (codec.decode(bytes) as Error).message);
    assert.deepEqual(
      found,
      rows.map(([, message]) => message),
    );
  });

  test("attributes, notes and a Pool's traceback come along", (t) => {
    if (python === undefined) return t.skip("needs Python");
    const program = `import sys, json, pickle, multiprocessing.pool
error = KeyError('k')
error.extra = [1]
try:
    raise error
except KeyError as caught:
    sent = pickle.dumps(multiprocessing.pool.ExceptionWithTraceback(caught, caught.__traceback__))
print(json.dumps(sent.hex()))`;
    const error = codec.decode(Buffer.from(runPython(python, program, null) as string, "hex")) as PythonError;
    assert.ok(error instanceof PythonError && error instanceof Error);
    assert.equal(error.name, "KeyError");
    assert.deepEqual(error.attributes, { extra: [1] });
    assert.match((error.cause as PythonError).message, /raise error/);
    assert.deepEqual(roundTrip(error), error);
  });

  test("name, code and cause of an Error are attributes of the exception", (t) => {
    if (python === undefined) return t.skip("needs Python");
    class OutOfStock extends Error {}
    const error = Object.assign(new OutOfStock("nuts", { cause: new TypeError("why") }), { code: "E_STOCK" });
    const program = `import sys, json, pickle
error = pickle.loads(bytes.fromhex(json.load(sys.stdin)))
print(json.dumps([repr(error), error.name, error.code, repr(error.__cause__)]))`;
    const found = runPython(python, program, Buffer.from(codec.encode(error)).toString("hex"));
    assert.deepEqual(found, ["Exception('nuts')", "OutOfStock", "E_STOCK", "TypeError('why')"]);
  });

  test("long strings among the arguments are shortened in the message", () => {
    const text = "x".repeat(100_000);
    assert.ok(new PythonError("builtins", "ValueError", [text, text]).message.length < 1000);
    assert.equal(new PythonError("builtins", "ValueError", [text]).message, text);
  });
});

describe("pickle: classes for Python's values", () => {
  test("smoke: they say what they are as text and as numbers", () => {
    assert.equal(`${new PythonFraction(1, 3)} ${new PythonTime(1, 2, 3, 4)}`, "1/3 01:02:03.000004");
    assert.equal(Number(new PythonFraction(1n, 4)), 0.25);
    assert.equal(Number(new PythonTimeDelta(-1, 86_399, 500_000)), -500);
    assert.deepEqual([...new PythonRange(5, 0, -2)], [5, 3, 1]);
    assert.deepEqual([...new PythonRange(2n ** 60n, 2n ** 60n + 2n)], [2n ** 60n, 2n ** 60n + 1n]);
    assert.deepEqual([...new PythonTuple([1, 2])], [1, 2]);
  });

  test("a PythonDeque is an Array whose parts are plain Arrays", () => {
    const deque = new PythonDeque([1, 2], 3);
    assert.ok(Array.isArray(deque));
    assert.equal(Object.getPrototypeOf(deque.map((one) => one)), Array.prototype);
    assert.deepEqual(Object.keys(deque), ["0", "1"]);
    assert.deepEqual(roundTrip(deque), deque);
  });

  test("a NumpyArray whose data, dtype and shape do not fit each other is a UsageError", () => {
    assert.deepEqual(new NumpyArray(new Float32Array(6)).shape, [6]);
    for (const make of [
      () => new NumpyArray(new Float32Array(6), { shape: [4] }),
      () => new NumpyArray(new Float32Array(6), { shape: [-2, -3] }),
      () => new NumpyArray(new Float32Array(6), { dtype: "<f8" }),
      () => new NumpyArray(["a"], { dtype: "<f8" }),
      () => new NumpyArray(new Float32Array(5), { dtype: "<c8" }),
      () => new NumpyArray(new Float32Array(6), { dtype: "V8" }),
      () => new NumpyArray(new Float32Array(6), { dtype: ">f4" }),
    ])
      assert.throws(make, UsageError);
    assert.throws(
      () => codec.encode(new NumpyArray(["abc"], { dtype: "<U2" })),
      /element 0 of a numpy array of type U does not fit it/,
    );
  });
});
