import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import {
  PythonComplex,
  PythonConstant,
  PythonCounter,
  PythonDate,
  PythonDateTime,
  PythonDecimal,
  PythonDefaultDict,
  PythonError,
  PythonFraction,
  PythonOrderedDict,
  PythonRange,
  PythonSlice,
  PythonTimeDelta,
} from "#src/codec/pickle/python-values.js";
import { CodecError } from "#src/errors.js";
import { projectRoot } from "../../project-root.js";
import { pythons } from "./pythons.js";
import { runPython } from "./run-python.js";

interface Vector {
  readonly name: string;
  readonly p2: string;
  readonly p3: string;
  readonly p4: string;
  readonly p5: string;
}

const { vectors } = JSON.parse(readFileSync(`${projectRoot}/test/codec/pickle/vectors.json`, "utf8")) as {
  vectors: Vector[];
};
const protocols = ["p2", "p3", "p4", "p5"] as const;
const codec = pickleCodec();
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

const shared = [1];
const selfList: unknown[] = [];
selfList.push(selfList);
const selfDict: Record<string, unknown> = {};
selfDict.me = selfDict;

/** What each vector is here; an error's text for what is refused. */
const expected: Readonly<Record<string, unknown>> = {
  None: null,
  True: true,
  False: false,
  "1": 1,
  "255": 255,
  "256": 256,
  "65536": 65536,
  "-1": -1,
  "2**31-1": 2 ** 31 - 1,
  "2**31": 2 ** 31,
  "2**32": 2 ** 32,
  "2**53": 2n ** 53n,
  "2**63": 2n ** 63n,
  "-2**63": -(2n ** 63n),
  "2**64": 2n ** 64n,
  "2**2040": 2n ** 2040n,
  "0.0": 0,
  "-0.0": -0,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "''": "",
  "'é€😀'": "é€😀",
  "lone surrogate": "\ud800",
  "'x'*255": "x".repeat(255),
  "b''": new Uint8Array(0),
  "b'abc'": new Uint8Array([97, 98, 99]),
  "b'x'*256": new Uint8Array(256).fill(120),
  "[]": [],
  "[1]": [1],
  "[1,2]": [1, 2],
  "(1,)": [1],
  "(1,2)": [1, 2],
  "(1,2,3)": [1, 2, 3],
  "{}": {},
  "{'a':1}": { a: 1 },
  "{'a':1,'b':2}": { a: 1, b: 2 },
  "{1}": new Set([1]),
  "{1,2}": new Set([1, 2]),
  "frozenset()": new Set(),
  complex: new PythonComplex(1, 2),
  "range(3)": new PythonRange(0, 3, 1),
  slice: new PythonSlice(1, 2, null),
  NotImplemented: PythonConstant.NotImplemented,
  "type float": /the global builtins\.float is no value/,
  "len builtin": /the global builtins\.len is not allowed/,
  "OSError(2,'m')": new PythonError("builtins", "FileNotFoundError", [2, "m"]),
  datetime: new PythonDateTime({ year: 2024, month: 1, day: 2, hour: 3, minute: 4, second: 5, microsecond: 6 }),
  date: new PythonDate(2024, 1, 2),
  timedelta: new PythonTimeDelta(1, 2, 3),
  Decimal: new PythonDecimal("1.5"),
  Fraction: new PythonFraction(1, 3),
  "array i": new Int32Array([1, 2]),
  OrderedDict: new PythonOrderedDict([["a", 1]]),
  defaultdict: new PythonDefaultDict("builtins.int", [["a", 1]]),
  Counter: new PythonCounter([["a", 1]]),
  "memo: x=[1]; [x,x]": [shared, shared],
  "repeated str ['a','a']": ["a", "a"],
  "task tuple": /the global builtins\.len is not allowed/,
  "self-ref list": selfList,
  "self-ref dict": selfDict,
};

describe("pickle: vectors of CPython", () => {
  test("smoke: every vector has an expectation, and every expectation a vector", () => {
    assert.deepEqual(vectors.map(({ name }) => name).sort(), Object.keys(expected).sort());
  });

  for (const vector of vectors) {
    const want = expected[vector.name];
    const what = want instanceof RegExp ? "is refused by name" : "is read";
    test(`${vector.name} ${what} in protocols 2 to 5`, () => {
      for (const protocol of protocols) {
        const bytes = bytesOf(vector[protocol]);
        if (want instanceof RegExp) {
          const isRight = (error: unknown): boolean => error instanceof CodecError && want.test(error.message);
          assert.throws(() => codec.decode(bytes), isRight);
          continue;
        }
        // an OSError of protocol 2 keeps its general class
        if (want instanceof PythonError && protocol === "p2") {
          assert.deepEqual(codec.decode(bytes), new PythonError("builtins", "OSError", [2, "m"]));
          continue;
        }
        assert.deepEqual(codec.decode(bytes), want);
      }
    });
  }

  test("shared and cyclic references keep their identity", () => {
    const byName = (name: string): unknown => codec.decode(bytesOf(vectors.find((one) => one.name === name)?.p4 ?? ""));
    const [first, second] = byName("memo: x=[1]; [x,x]") as unknown[];
    assert.equal(first, second);
    const list = byName("self-ref list") as unknown[];
    assert.equal(list[0], list);
    const dict = byName("self-ref dict") as Record<string, unknown>;
    assert.equal(dict.me, dict);
  });

  for (const python of pythons()) {
    test(`what is written back loads equal in Python ${python.version.join(".")}`, () => {
      const readable = vectors.filter(({ name }) => !(expected[name] instanceof RegExp));
      const pairs = readable.flatMap((vector) =>
        protocols
          .filter((protocol) => protocol !== "p5" || python.version[1] >= 8)
          .map((protocol) => [
            vector[protocol],
            Buffer.from(codec.encode(codec.decode(bytesOf(vector[protocol])))).toString("hex"),
          ]),
      );
      const program = `import sys, json, pickle
def shown(data):
    return ascii(pickle.loads(bytes.fromhex(data)))
print(json.dumps([[shown(a), shown(b)] for a, b in json.load(sys.stdin)]))`;
      const results = runPython(python, program, pairs) as [string, string][];
      const changes: Readonly<Record<string, string>> = {
        "(1,)": "[1]",
        "(1, 2)": "[1, 2]",
        "(1, 2, 3)": "[1, 2, 3]",
        "frozenset()": "set()",
        "0.0": "0",
      };
      for (const [before, after] of results) assert.equal(after, changes[before] ?? before);
      assert.equal(results.length, pairs.length);
    });
  }
});
