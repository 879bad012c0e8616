import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import { NumpyArray, NumpyDtype, PythonComplex } from "#src/codec/pickle/python-values.js";
import { projectRoot } from "../../project-root.js";
import { arrivals, departures } from "./mapping.js";
import { picklePage } from "./pickle-page.js";
import { type Python, pythons } from "./pythons.js";
import { pickled, reprs } from "./run-python.js";

const codec = pickleCodec();
const found = pythons();
const withNumpy = found.find(({ hasNumpy }) => hasNumpy);

/** The `repr` of what Python expressions give. */
function reprsOf(python: Python, expressions: readonly string[]): string[] {
  return reprs(python, pickled(python, expressions, 4));
}

function protocolsOf(python: Python): number[] {
  return python.version[1] >= 8 ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 3, 4];
}

describe("pickle: the tables of docs/formats/pickle.md", () => {
  test("smoke: the page equals the tables", () => {
    assert.equal(readFileSync(`${projectRoot}/docs/formats/pickle.md`, "utf8"), picklePage());
  });

  for (const python of found) {
    const rows = arrivals.filter(({ since = 0 }) => since <= python.version[1]);
    const name = `Python ${python.version.join(".")}`;

    test(`what ${name} sends is here what the table says, in every protocol, and comes back so`, () => {
      const wanted = reprsOf(
        python,
        rows.map((row) => row.back ?? row.python),
      );
      for (const protocol of protocolsOf(python)) {
        const values = pickled(
          python,
          rows.map((row) => row.python),
          protocol,
        ).map((bytes) => codec.decode(bytes));
        for (const [i, row] of rows.entries())
          assert.deepEqual(values[i], row.value, `${row.python}, protocol ${protocol}`);
        assert.deepEqual(
          reprs(
            python,
            values.map((value) => codec.encode(value)),
          ),
          wanted,
          `protocol ${protocol}`,
        );
      }
    });

    test(`what is sent from here is in ${name} what the table says`, () => {
      const wanted = reprsOf(
        python,
        departures.map((row) => row.python),
      );
      assert.deepEqual(
        reprs(
          python,
          departures.map((row) => codec.encode(row.value)),
        ),
        wanted,
      );
    });
  }
});

describe("pickle: numpy", { skip: withNumpy === undefined ? "no Python here has numpy" : false }, () => {
  const python = withNumpy as Python;
  const one = (
    dtype: string,
    data: NumpyArray["data"],
    shape: number[] = [data.length],
    isFortran = false,
  ): NumpyArray => new NumpyArray(data, { dtype, shape, isFortran });
  const rows: readonly (readonly [python: string, value: unknown, back?: string])[] = [
    ["numpy.arange(3, dtype='i4')", one("<i4", Int32Array.of(0, 1, 2))],
    ["numpy.array([[1, 2], [3, 4]], dtype='u1')", one("|u1", Uint8Array.of(1, 2, 3, 4), [2, 2])],
    ["numpy.asfortranarray(numpy.array([[1., 2.], [3., 4.]]))", one("<f8", Float64Array.of(1, 3, 2, 4), [2, 2], true)],
    ["numpy.array([1, 2], dtype='>i2')", one("<i2", Int16Array.of(1, 2)), "numpy.array([1, 2], dtype='<i2')"],
    ["numpy.array([True, False])", one("|b1", Uint8Array.of(1, 0))],
    ["numpy.array([1+2j])", one("<c16", Float64Array.of(1, 2), [1])],
    ["numpy.array(5)", one("<i8", BigInt64Array.of(5n), [])],
    ["numpy.zeros(0, dtype='f4')", one("<f4", new Float32Array(0))],
    ["numpy.array(['ab', '\\u20ac'])", one("<U2", ["ab", "€"])],
    ["numpy.array([b'ab', b'c'])", one("|S2", [Uint8Array.of(97, 98), Uint8Array.of(99)])],
    ["numpy.array([1, 'a', None], dtype=object)", one("|O", [1, "a", null])],
    ["numpy.array(['2020-01-01'], dtype='M8[ns]')", one("<M8[ns]", BigInt64Array.of(1577836800000000000n))],
    ["numpy.array([3], dtype='m8[25s]')", one("<m8[25s]", BigInt64Array.of(3n))],
    ["numpy.float64(1.5)", 1.5, "1.5"],
    ["numpy.int64(2**60)", 2n ** 60n, "2**60"],
    ["numpy.bool_(True)", true, "True"],
    ["numpy.str_('ab')", "ab", "'ab'"],
    ["numpy.complex128(1+2j)", new PythonComplex(1, 2), "1+2j"],
    ["numpy.datetime64('2020')", one("<M8[Y]", BigInt64Array.of(50n), []), "numpy.array('2020', dtype='M8[Y]')"],
    ["numpy.dtype('f8')", new NumpyDtype("<f8")],
    ["numpy.dtype('U5')", new NumpyDtype("<U5")],
    ["numpy.dtype('O')", new NumpyDtype("|O")],
  ];

  test("smoke: arrays, scalars and types are here what the page says, in every protocol, and come back so", () => {
    const wanted = reprsOf(
      python,
      rows.map(([expression, , back]) => back ?? expression),
    );
    for (const protocol of [0, 1, 2, 3, 4, 5]) {
      const values = pickled(
        python,
        rows.map(([expression]) => expression),
        protocol,
      ).map((bytes) => codec.decode(bytes));
      for (const [i, [expression, value]] of rows.entries())
        assert.deepEqual(values[i], value, `${expression}, protocol ${protocol}`);
      assert.deepEqual(
        reprs(
          python,
          values.map((value) => codec.encode(value)),
        ),
        wanted,
      );
    }
  });

  test("the newer names of numpy's modules count too", () => {
    const [bytes] = pickled(python, ["numpy.arange(3, dtype='i4')"], 2);
    const renamed = Buffer.from(Buffer.from(bytes).toString("latin1").replace("numpy.core.", "numpy._core."), "latin1");
    assert.deepEqual(codec.decode(renamed), one("<i4", Int32Array.of(0, 1, 2)));
  });

  test("a typed array in a NumpyArray is an array of its shape in Python", () => {
    const value = new NumpyArray(Float32Array.of(1, 2, 3, 4, 5, 6), { shape: [2, 3] });
    const wanted = "array([[1., 2., 3.],\\n       [4., 5., 6.]], dtype=float32)";
    assert.deepEqual(reprs(python, [codec.encode(value)]), [JSON.parse(`"${wanted}"`)]);
  });

  test("arrays of records are refused", () => {
    const [bytes] = pickled(python, ["numpy.zeros(2, dtype=[('a', 'i4'), ('b', 'f8')])"], 4);
    assert.throws(() => codec.decode(bytes), /a numpy type that is not known here: V12/);
  });
});
