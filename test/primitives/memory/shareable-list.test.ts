import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import {
  ClosedError,
  CodecError,
  ExistsError,
  MismatchError,
  NotFoundError,
  pipe,
  ShareableList,
  type ShareableSlot,
  type ShareableValue,
  SharedMemory,
  UsageError,
} from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";
import { PythonProgram } from "../../transports/python-program.js";
import { pythons } from "../../transports/pythons.js";
import { ChildProgram } from "../child-program.js";

const timeout = 120_000;
const isFast = process.env.INTERPROC_TEST === "fast";
/** Names in /dev/shm are everybody's. */
const named = (name: string): string => `interproc-test-${process.pid}-list-${name}`;
const fileOf = (name: string): string => `/dev/shm/${name}`;
const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);

/** Python 3.8 has a layout of its own, which only we read. */
const readsOurs = ({ version }: { version: string }): boolean => !version.startsWith("3.8.");

/** How the Python program writes a value: its type and its text. */
type Written = readonly [type: string, text: string];
const none: Written = ["NoneType", "None"];

/** The ten items of Python's own documentation and tests, and the same as Python has them. */
const values = ["howdy", bytes(72, 111), -273.154, 100, null, true, 42, false, "grüße 😀", { value: 2, float: true }];
const plain = values.map((one) => (typeof one === "object" && one !== null && "value" in one ? one.value : one));
const written: readonly Written[] = [
  ...([["str", "howdy"], ["bytes", "486f"], ["float", "-273.154"], ["int", "100"], none] as const),
  ...([
    ["bool", "True"],
    ["int", "42"],
    ["bool", "False"],
    ["str", "grüße 😀"],
    ["float", "2.0"],
  ] as const),
];
const formats = "8s8sdqxxxxxx?xxxxxxxx?qxxxxxxx?16sd";

describe("ShareableList", { timeout }, () => {
  after(() => sweep());

  test("smoke: [case 67] ten values of all kinds are read and written, by indexes from both ends", () => {
    using list = new ShareableList(values);
    assert.deepEqual(list.toArray(), plain);
    assert.deepEqual([list.length, list.format, list.name.slice(0, 4)], [10, formats, "psm_"]);
    assert.deepEqual([list.get(-10), list.get(-2), list.at(-1), list.at(3)], ["howdy", "grüße 😀", 2, 100]);
    assert.deepEqual([list.at(10), list.at(-11), list.at(Number.NaN)], [undefined, undefined, "howdy"]);
    list.set(3, "eightxxx");
    list.set(-10, 2n ** 63n - 1n);
    assert.deepEqual([list.get(3), list.get(0), [...list].length], ["eightxxx", 2n ** 63n - 1n, 10]);
    for (const index of [10, -11, 0.5, Number.NaN, "1"])
      for (const call of [() => list.get(index as number), () => list.set(index as number, 1)])
        assert.throws(call, { code: "ERR_INTERPROC_USAGE", message: /allowed: -10 to 9/ });
    list.unlink();
  });

  test("[case 67] indexOf and count compare numbers by value, bytes by content, and nothing with NaN", () => {
    using list = new ShareableList([1, 2n, { value: 1, float: true }, "1", bytes(49), true, null, Number.NaN, 1.5]);
    assert.deepEqual([list.indexOf(1), list.indexOf(1n), list.count(1n), list.indexOf(2)], [0, 0, 2, 1]);
    assert.deepEqual(
      [list.indexOf("1"), list.indexOf(bytes(49)), list.indexOf(true), list.indexOf(null)],
      [3, 4, 5, 6],
    );
    assert.deepEqual([list.indexOf(Number.NaN), list.indexOf("x"), list.count(1.5), list.count(false)], [-1, -1, 1, 0]);
    list.unlink();
  });

  test("a number is an int when it is whole, and a float in a slot that is one", () => {
    const most = Number.MAX_SAFE_INTEGER;
    using list = new ShareableList([1, -0, most, most + 1, 1e300, -(2n ** 63n), { value: 7, float: true }]);
    assert.equal(list.format, "qdqddqd");
    assert.deepEqual(list.toArray(), [1, -0, most, most + 1, 1e300, -(2n ** 63n), 7]);
    list.set(0, 2, { float: true });
    list.set(0, 3);
    list.set(6, 8);
    list.set(3, 5n);
    list.set(1, 6, { float: false });
    list.set(2, 0.5);
    assert.deepEqual([list.format, ...list], ["dqdqdqd", 3, 6, 0.5, 5, 1e300, -(2n ** 63n), 8]);
    list.unlink();
  });

  test("[case 67] what the layout cannot keep is refused with the reason, and a failed set leaves the old value", () => {
    using list = new ShareableList(["old", 1, null]);
    const refusals: [unknown, new (...args: never[]) => Error, RegExp][] = [
      ["ends in\0", CodecError, /the string "ends in\\u0000" ends in NUL; .* come back without it/],
      [bytes(1, 0), CodecError, /the Uint8Array of 2 bytes ends in NUL/],
      ["half \ud800", CodecError, /half a surrogate pair/],
      [2n ** 63n, CodecError, /is 9223372036854775808n; allowed: integers of 64 bits/],
      [-(2n ** 63n) - 1n, CodecError, /allowed: integers of 64 bits/],
      [undefined, CodecError, /is undefined; allowed: number, bigint, boolean, string, Uint8Array, null/],
      [{}, CodecError, /is an object/],
      [Symbol("s"), CodecError, /is Symbol\(s\)/],
      ["nine char", UsageError, /of 9 bytes; at most 8 \(the slot's room\)/],
      ["ééééé", UsageError, /of 10 bytes; at most 8/],
    ];
    for (const [value, kind, message] of refusals) {
      for (const index of [0, 1, 2])
        assert.throws(
          () => list.set(index, value as string),
          (error: Error) => error instanceof kind && message.test(error.message) && error.message.includes("set("),
        );
      assert.deepEqual([list.toArray(), list.format], [["old", 1, null], "8sqxxxxxx?x"]);
      if (kind === CodecError) assert.throws(() => new ShareableList([value as string]), CodecError);
    }
    list.set(0, "a\0b");
    assert.equal(list.get(0), "a\0b");
    list.unlink();
  });

  test("a slot has the room that it was made with, whatever is in it meanwhile", () => {
    using list = new ShareableList(["x".repeat(8), { value: "", room: 20 }, { value: 1, room: 9 }]);
    assert.equal(list.format, "16s24sq");
    list.set(0, 1.5);
    list.set(1, "y".repeat(24));
    list.set(2, "z".repeat(16));
    list.set(0, "x".repeat(16));
    assert.deepEqual(list.toArray(), ["x".repeat(16), "y".repeat(24), "z".repeat(16)]);
    list.set(0, "short");
    assert.deepEqual([list.get(0), list.format], ["short", "16s24s16s"]);
    for (const slot of [
      { value: "", room: 7 },
      { value: "", room: 9_999_993 },
      { value: "123456789", room: 8 },
    ])
      assert.throws(() => new ShareableList([slot as ShareableSlot]), UsageError);
    using long = new ShareableList(["x".repeat(9_999_991)]);
    assert.deepEqual([(long.get(0) as string).length, long.format], [9_999_991, "9999992s"]);
    assert.throws(() => new ShareableList(["x".repeat(9_999_992)]), UsageError);
    list.unlink();
    long.unlink();
  });

  test("by name: create demands that it is free, open that it is there; unlink ends it, close only this handle", () => {
    const name = named("life");
    using list = ShareableList.create(name, [1, "two"]);
    assert.throws(() => ShareableList.create(name, []), ExistsError);
    const other = ShareableList.open(`/${name}`);
    other.set(0, 10);
    assert.deepEqual([list.get(0), other.name, other.length], [10, name, 2]);
    other.close();
    other.close();
    assert.deepEqual([other.closed, other.name, other.length], [true, name, 2]);
    for (const call of [
      () => other.get(0),
      () => other.at(0),
      () => other.set(0, 1),
      () => other.format,
      () => [...other],
      () => other.indexOf(1),
      () => other.count(1),
    ])
      assert.throws(call, ClosedError);
    other.unlink();
    assert.throws(() => ShareableList.open(name), NotFoundError);
    assert.throws(() => list.unlink(), NotFoundError);
    assert.deepEqual(list.toArray(), [10, "two"]);
    using empty = ShareableList.create(undefined, []);
    using again = ShareableList.open(empty.name);
    assert.deepEqual([again.length, again.toArray(), again.format], [0, [], ""]);
    assert.throws(() => again.get(0), UsageError);
    empty.unlink();
    for (const wrong of ["text", 5, null, undefined])
      assert.throws(() => ShareableList.create(named("wrong"), wrong as never), UsageError);
    assert.throws(() => ShareableList.create("a/b", []), UsageError);
  });

  test("a handle that was sent is the same list", () => {
    using list = new ShareableList([1, "two"]);
    const [left, right] = pipe<ShareableList>();
    left.sendSync(list);
    using received = right.recvSync();
    received.set(1, "three");
    assert.deepEqual([received instanceof ShareableList, list.get(1), received.name], [true, "three", list.name]);
    left.sendSync(list);
    list.unlink();
    assert.throws(() => right.recvSync(), NotFoundError);
    left.close();
    right.close();
  });

  test("the list of a killed process is cleaned up, one with persist: true stays", async () => {
    const name = named("killed");
    const creator = ChildProgram.node("hold-list", name);
    assert.equal(await creator.line(), `held ${name}`);
    await creator.kill();
    sweep();
    assert.ok(!existsSync(fileOf(name)));
    const keeper = ChildProgram.node("hold-list", name, "persist", "exit");
    assert.deepEqual([await keeper.line(), await keeper.exit], [`held ${name}`, 0]);
    sweep();
    using list = ShareableList.open(name);
    assert.deepEqual(list.toArray(), [1, "two"]);
    list.unlink();
  });

  for (const { version, path } of pythons("multiprocessing.shared_memory")) {
    const older = readsOurs({ version }) ? false : "3.8 does not know the layout of all versions after it";

    test(`[case 67] Python ${version} reads and changes our list, and we see what it has made of it`, {
      skip: older,
    }, async () => {
      const name = named(`ours-${version}`);
      using list = ShareableList.create(name, values);
      const python = new PythonProgram(path, "shareable_list");
      assert.equal(await python.ask("open", name), 10);
      assert.deepEqual(await python.ask("all"), written);
      assert.equal(await python.ask("format"), formats);
      await python.ask("set", 0, ["float", "1.0"]);
      await python.ask("set", 3, ["str", "été"]);
      await python.ask("set", -1, ["int", String(2n ** 63n - 1n)]);
      await python.ask("set", 4, ["bytes", "00ff"]);
      await python.ask("set", 6, ["NoneType", ""]);
      const changed: ShareableValue[] = [1, plain[1], plain[2], "été", bytes(0, 255), true, null, false, plain[8]];
      assert.deepEqual(list.toArray(), [...changed, 2n ** 63n - 1n]);
      assert.equal(await python.ask("format"), list.format);
      list.set(0, 2);
      list.set(4, 5n);
      list.set(8, "x".repeat(16));
      assert.deepEqual(await python.ask("get", 0), ["float", "2.0"]);
      assert.deepEqual(await python.ask("get", 4), ["int", "5"]);
      assert.deepEqual(await python.ask("get", 8), ["str", "x".repeat(16)]);
      assert.equal(await python.ask("index", ["int", "5"]), 4);
      assert.equal(await python.ask("close"), null);
      assert.equal(await python.end(), 0);
      assert.equal(list.get(4), 5);
      list.unlink();
    });

    test(`[case 67] we read and change the list of Python ${version}, and it sees what we have made of it`, async () => {
      const name = named(`theirs-${version}`);
      const python = new PythonProgram(path, "shareable_list");
      const texts = [...written.slice(0, 8), ["str", "grüße    "], written[9]];
      assert.equal(await python.ask("create", name, texts), name);
      using list = ShareableList.open(name);
      assert.deepEqual(list.toArray(), [...plain.slice(0, 8), "grüße    ", 2]);
      assert.equal(list.format, await python.ask("format"));
      for (const [index, value] of [7n, "deux", 1, null, bytes(9), 0.5, "42", true, -1, 3].entries())
        list.set(index, value);
      assert.deepEqual(await python.ask("all"), [
        ...[["int", "7"], ["str", "deux"], ["float", "1.0"], none, ["bytes", "09"], ["float", "0.5"], ["str", "42"]],
        ...[
          ["bool", "True"],
          ["int", "-1"],
          ["float", "3.0"],
        ],
      ]);
      assert.equal(await python.ask("format"), list.format);
      assert.throws(() => list.set(0, "123456789"), UsageError);
      assert.deepEqual(await python.ask("get", 0), ["int", "7"]);
      assert.equal(await python.ask("create", `${name}-empty`, []), `${name}-empty`);
      using empty = ShareableList.open(`${name}-empty`);
      assert.deepEqual(empty.toArray(), []);
      empty.unlink();
      list.unlink();
      assert.equal(await python.end(), 0);
    });

    test(`what Python ${version} loses or destroys is lost before we come, or told`, async (t) => {
      const name = named(`bugs-${version}`);
      const python = new PythonProgram(path, "shareable_list");
      const made = await python.ask("create", name, [
        ["str", "nul\0"],
        ["str", "aéééééééé"],
        ["int", "1"],
      ]);
      if (made !== name) return t.skip(`this version refuses them: ${JSON.stringify(made)}`);
      using list = ShareableList.open(name);
      assert.equal(list.get(0), "nul");
      // 9 characters and 17 bytes: Python gives them room for 16
      assert.throws(() => list.get(1), {
        code: "ERR_INTERPROC_CODEC",
        message: /16 bytes of slot 1 are no UTF-8 text/,
      });
      await python.ask("set", 2, ["int", String(2n ** 63n)]);
      list.set(2, 3);
      assert.equal(list.get(2), 3);
      list.unlink();
      assert.equal(await python.end(), 0);
    });
  }

  for (const { version, path } of pythons("multiprocessing.shared_memory").filter(readsOurs))
    test(`the tracker of Python ${version} takes our list's name away, and our handle stays whole`, async () => {
      const name = named(`tracked-${version}`);
      using list = ShareableList.create(name, [1]);
      const python = new PythonProgram(path, "shareable_list", [], { PYTHONWARNINGS: "ignore" });
      assert.equal(await python.ask("open", name, true), 1);
      await python.ask("set", 0, ["int", "5"]);
      await python.ask("close");
      assert.equal(await python.end(), 0);
      assert.throws(() => ShareableList.open(name), NotFoundError);
      assert.throws(() => list.unlink(), NotFoundError);
      assert.equal(list.get(0), 5);
      list.set(0, 2);
      assert.equal(list.get(0), 2);
    });

  test("what is no list is a MismatchError when it is opened, and nothing of it is left behind", () => {
    const name = named("garbage");
    const words = (...all: (number | bigint)[]): Uint8Array => new Uint8Array(BigInt64Array.from(all, BigInt).buffer);
    for (const [content, why] of [
      [bytes(1), /has 1 bytes, and the shortest list 8/],
      [words(-1), /says -1 elements in 8 bytes/],
      [words(2n ** 62n, 0, 0), /says 4611686018427387904 elements/],
      [words(2, 0, 8, 16), /says 2 elements in 32 bytes/],
      [words(0, 0, 0), /may not have filled it yet/],
      [words(1, 0, 0, 0, 0, 0), /slot 0 has room for 0 bytes/],
      [words(1, 0, 12, 0, 0, 0), /slot 0 has room for 12 bytes/],
      [words(1, 0, -8, 0, 0, 0), /slot 0 has room for -8 bytes/],
      [words(1, 0, 2n ** 40n, 0, 0, 0), /slot 0 has room for 1099511627776 bytes/],
      [words(1, 0, 24, 0, 0, 0), /has 48 bytes, and its 1 slots need 57/],
      [words(1, 8, 0, 0, 0, 0), /is no list: slot 0 has the unknown format ""/],
      [words(1, 0, 8, 0, 0x7a, 0), /slot 0 has the unknown format "z"/],
      [words(1, 0, 8, 0, 0x7339, 0), /slot 0 has the format 9s and room for 8 bytes/],
      [words(1, 0, 8, 0, 0x7338, 0), /slot 0 has the format 8s and the code 0/],
      [words(1, 0, 8, 0, 0x71, 3), /slot 0 has the format q and the code 3/],
    ] as const) {
      writeFileSync(fileOf(name), content);
      assert.throws(
        () => ShareableList.open(name),
        (error: Error) => error instanceof MismatchError && why.test(error.message),
      );
    }
    writeFileSync(fileOf(name), words(1, 0, 8, 5, 0x71, 0));
    using list = ShareableList.open(name);
    assert.deepEqual(list.toArray(), [5]);
    list.unlink();
  });

  test("a slot that somebody spoils later is a CodecError, and the others go on", () => {
    using list = ShareableList.create(named("spoilt"), [1, "two", 3]);
    using block = SharedMemory.open(list.name, { python: true });
    const formatsAt = Buffer.from(block.buffer).indexOf("8s");
    block.bytes[formatsAt] = 0x21;
    assert.throws(() => list.get(1), {
      code: "ERR_INTERPROC_CODEC",
      message: /get\(1\): slot 1 has the unknown format "!s"/,
    });
    assert.throws(() => list.toArray(), CodecError);
    assert.deepEqual([list.get(0), list.get(2)], [1, 3]);
    list.set(1, "new");
    assert.equal(list.get(1), "new");
    list.unlink();
  });

  test("whatever bytes a block has, opening and reading it ends with values or a typed error", () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const name = named("fuzz");
    using model = ShareableList.create(named("model"), values);
    using block = SharedMemory.open(model.name, { python: true });
    let opened = 0;
    for (let run = 0; run < (isFast ? 500 : 10_000); run++) {
      const content = run % 4 === 0 ? random.bytes(1 + random.below(200)) : block.bytes.slice();
      const flips = 1 + random.below(3);
      for (let flip = 0; flip < flips; flip++) content[random.below(content.length)] ^= 1 << random.below(8);
      writeFileSync(
        fileOf(name),
        content.subarray(0, content.length - (run % 7 === 0 ? random.below(content.length) : 0)),
      );
      try {
        using list = ShareableList.open(name);
        opened++;
        for (let index = 0; index < list.length; index++) {
          try {
            list.get(index);
          } catch (error) {
            assert.ok(error instanceof CodecError, String((error as Error).stack));
          }
          list.set(index, index);
        }
      } catch (error) {
        const context = `${Buffer.from(content).toString("hex")} (INTERPROC_SEED=${seed})`;
        assert.ok(error instanceof MismatchError, `${String((error as Error).stack)} from ${context}`);
      }
      rmSync(fileOf(name));
    }
    assert.ok(opened > 0);
    model.unlink();
  });
});
