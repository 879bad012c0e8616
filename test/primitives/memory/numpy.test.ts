import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { type ElementKind, NotFoundError, SharedMemory } from "interproc";
import { PythonProgram } from "../../transports/python-program.js";
import { pythons } from "../../transports/pythons.js";

const timeout = 120_000;
const [python] = pythons("numpy");
const skip = python ? false : "no Python of this machine has numpy";
const named = (name: string): string => `interproc-test-${process.pid}-numpy-${name}`;

/** numpy's name for the elements of each kind. */
const dtypes: Readonly<Record<ElementKind, string>> = {
  ...{ i8: "int8", u8: "uint8", i16: "int16", u16: "uint16", i32: "int32", u32: "uint32", i64: "int64" },
  ...{ u64: "uint64", f32: "float32", f64: "float64", bool: "bool" },
};

/** A program with numpy; `after` runs while it is there. */
async function withNumpy(body: (program: PythonProgram) => Promise<void>): Promise<void> {
  const program = new PythonProgram(python.path, "numpy_array");
  try {
    await body(program);
  } finally {
    await program.end();
  }
}

describe("SharedMemory and numpy", { timeout, skip }, () => {
  test("smoke: an array made here is numpy's without a copy: each sees at once what the other writes", () =>
    withNumpy(async (numpy) => {
      using block = SharedMemory.create(named("ours"), { size: 8 * 6, python: true });
      const view = block.view("f64");
      view.set([1, 2, 3, 4, 5, 6]);
      assert.equal(await numpy.ask("open", block.name), 48);
      assert.equal(await numpy.ask("view", "float64", [2, 3]), true);
      assert.deepEqual(await numpy.ask("list"), [
        [1, 2, 3],
        [4, 5, 6],
      ]);
      view[4] = 50;
      assert.equal(await numpy.ask("sum"), 66);
      await numpy.ask("multiply", 2);
      assert.deepEqual([...view], [2, 4, 6, 8, 100, 12]);
      await numpy.ask("close");
      block.unlink();
    }));

  test("an array made by numpy is a typed array here without a copy, and stays one when Python has ended", () =>
    withNumpy(async (numpy) => {
      const name = named("theirs");
      await numpy.ask("create", name, 4 * 100_000);
      await numpy.ask("view", "int32", [100_000]);
      await numpy.ask(
        "fill",
        Array.from({ length: 100_000 }, (_, i) => i),
      );
      using block = SharedMemory.open(name);
      const view = block.view("i32");
      assert.deepEqual([view.length, view[99_999], view.buffer === block.buffer], [100_000, 99_999, true]);
      view[0] = -7;
      assert.equal(await numpy.ask("sum"), (99_999 * 100_000) / 2 - 7);
      await numpy.ask("multiply", -1);
      assert.deepEqual([view[0], view[99_999]], [7, -99_999]);
      await numpy.ask("close");
      await numpy.ask("unlink");
      assert.equal(await numpy.end(), 0);
      assert.ok(!existsSync(`/dev/shm/${name}`));
      assert.deepEqual([view[0], view[99_999]], [7, -99_999]);
    }));

  for (const [kind, dtype] of Object.entries(dtypes) as [ElementKind, string][])
    test(`the kind ${kind} is numpy's ${dtype}, at any offset that fits it`, () =>
      withNumpy(async (numpy) => {
        using block = SharedMemory.create(named(kind), { size: 64, python: true });
        const view = block.view(kind, { offset: 16, length: 3 });
        const isBig = kind === "i64" || kind === "u64";
        const least = kind.startsWith("i") || kind.startsWith("f") ? -1 : 0;
        for (const [index, value] of [least, 1, 0].entries())
          (view as { [at: number]: number | bigint })[index] = isBig ? BigInt(value) : value;
        await numpy.ask("open", block.name);
        await numpy.ask("view", dtype, [3], 16);
        const shown = (value: number): string => {
          if (kind === "bool") return value ? "True" : "False";
          return kind.startsWith("f") ? value.toFixed(1) : String(value);
        };
        assert.deepEqual(await numpy.ask("texts"), [least, 1, 0].map(shown));
        await numpy.ask("fill", [1, 0, 1]);
        assert.deepEqual([...view].map(Number), [1, 0, 1]);
        await numpy.ask("close");
        block.unlink();
      }));

  test("a Python that only attached takes the name away at its end; our memory stays as it is", async () => {
    for (const { version, path } of pythons("numpy")) {
      using block = SharedMemory.create(named(`tracked-${version}`), { size: 16, python: true });
      const view = block.view("u16");
      const numpy = new PythonProgram(path, "numpy_array");
      await numpy.ask("open", block.name, true);
      await numpy.ask("view", "uint16", [8]);
      await numpy.ask("fill", [1, 2, 3, 4, 5, 6, 7, 8]);
      await numpy.ask("close");
      assert.equal(await numpy.end(), 0);
      assert.throws(() => SharedMemory.open(block.name), NotFoundError);
      assert.throws(() => block.unlink(), NotFoundError);
      view[0] = 9;
      assert.deepEqual([...block.view("u16")], [9, 2, 3, 4, 5, 6, 7, 8]);
    }
  });
});
