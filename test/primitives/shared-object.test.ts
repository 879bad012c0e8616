import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  ExistsError,
  Lock,
  MismatchError,
  NotFoundError,
  Queue,
  RLock,
  RWLock,
  SharedArray,
  SharedEvent,
  SharedMap,
  SharedMemory,
  SharedValue,
  Stack,
  Topic,
  UsageError,
} from "interproc";
import { objectHeader } from "#src/memory/object.layout.js";
import { registry } from "#src/memory/this-thread.js";
import { sweep } from "#src/primitives/sweep.js";
import { ChildProgram } from "./child-program.js";
import { segmentOf, takenEntries } from "./locks/inside.js";

const fileOf = (name: string): string => join(registry().directory, name);
const timeout = 60_000;

describe("the life of a shared object", { timeout }, () => {
  after(() => sweep());

  test("smoke: create demands a free name, open one that is taken, openOrCreate takes either", () => {
    using made = SharedValue.create("a", "i32", 1);
    assert.throws(() => SharedValue.create("a", "i32"), { code: "ERR_INTERPROC_EXISTS", message: /value "a": create/ });
    assert.throws(() => SharedValue.open("b"), { code: "ERR_INTERPROC_NOT_FOUND", message: /value "b": open/ });
    using opened = SharedValue.open("a", "i32");
    using either = SharedValue.openOrCreate("a", "i32", 9);
    using fresh = SharedValue.openOrCreate("b", "i32", 9);
    made.add(1);
    assert.deepEqual([opened.value, either.value, fresh.value, opened.name], [2, 2, 9, "a"]);
  });

  test("another kind of object, or of element, under a name is a MismatchError that says what is there", () => {
    using _value = SharedValue.create("kind", "i32", 1);
    using _array = SharedArray.create("kinds", "u8", 3);
    assert.throws(() => SharedArray.open("kind"), { code: "ERR_INTERPROC_MISMATCH", message: /it is a value/ });
    assert.throws(() => SharedMemory.open("kind"), MismatchError);
    assert.throws(() => SharedValue.open("kind", "u32"), { message: /it is of kind i32, not u32/ });
    assert.throws(() => SharedValue.openOrCreate("kind", "f64"), MismatchError);
    assert.throws(() => SharedArray.openOrCreate("kinds", "u8", 4), { message: /its length is 3, not 4/ });
    assert.throws(() => SharedArray.create("kind", "u8", 3), ExistsError);
  });

  test("[case 65] names with ':' work; NUL, a slash, a leading dot and what is too long or empty are refused", () => {
    for (const name of ["a:b", "ü ñ", "x".repeat(200), "-", "a.b"]) {
      using value = SharedValue.create(name, "i32", 1);
      assert.equal(value.name, name);
      assert.equal(SharedValue.open(name).value, 1);
    }
    for (const name of ["a\0b", "a/b", "/a", ".a", "", "x".repeat(201), 5, undefined])
      for (const use of [
        () => SharedValue.create(name as string, "i32"),
        () => SharedValue.open(name as string),
        () => SharedArray.openOrCreate(name as string, "i32", 1),
        () => SharedMemory.create(name as string, { size: 1 }),
        () => SharedMemory.open(name as string),
      ])
        assert.throws(use, UsageError);
  });

  test("a name in place of options is a UsageError that says where names go", () => {
    const makers = { Lock, RLock, RWLock, SharedEvent, Queue, Stack, Topic, SharedMap };
    for (const [name, Made] of Object.entries(makers) as unknown as [string, new (from: unknown) => unknown][]) {
      const end = `; a name goes to ${name}.openOrCreate("deploy")`;
      assert.throws(
        () => new Made("deploy"),
        (error: Error) => error instanceof UsageError && error.message.endsWith(end),
        name,
      );
      for (const wrong of [null, 5])
        assert.throws(() => new Made(wrong), { code: "ERR_INTERPROC_USAGE", message: /allowed: an object, or none$/ });
    }
  });

  test("two handles in one thread are one attachment; each is closed by itself", () => {
    const first = SharedArray.create("twice", "i32", [1, 2]);
    const second = SharedArray.open("twice", "i32");
    const { view } = first;
    assert.equal(takenEntries(first), 1);
    assert.equal(segmentOf(first), segmentOf(second));
    first.close();
    assert.deepEqual([view.length, first.length, second.length], [0, 0, 2]);
    second.view[0] = 5;
    using third = SharedArray.open("twice", "i32");
    assert.equal(third.get(0), 5);
    second.close();
    assert.equal(third.add(0, 1), 5);
  });

  test("the last holder's close() takes the object away, unless it was made to stay until unlink()", () => {
    const first = SharedValue.create("last", "i32", 1);
    const second = SharedValue.open("last");
    first.close();
    assert.ok(existsSync(fileOf("last")));
    second.close();
    assert.ok(!existsSync(fileOf("last")));
    const stays = SharedValue.create("stays", "i32", 1, { persist: true });
    stays.value = 2;
    stays.close();
    using again = SharedValue.open("stays", "i32");
    assert.equal(again.value, 2);
    again.unlink();
    assert.ok(!existsSync(fileOf("stays")));
  });

  test("unlink() frees the name, holders keep the object, and it is a NotFoundError the second time", () => {
    const old = SharedValue.create("name", "i32", 1);
    old.unlink();
    assert.throws(() => old.unlink(), NotFoundError);
    assert.throws(() => SharedValue.open("name"), NotFoundError);
    using young = SharedValue.create("name", "i32", 2);
    assert.deepEqual([old.add(1), old.value, young.value], [1, 2, 2]);
    old.close();
    assert.throws(() => old.unlink(), NotFoundError);
    assert.equal(young.value, 2);
    assert.throws(() => new SharedValue("i32").unlink(), NotFoundError);
    const stays = SharedValue.create("closed first", "i32", 1, { persist: true });
    stays.close();
    stays.unlink();
    assert.throws(() => SharedValue.open("closed first"), NotFoundError);
  });

  test("a killed creator leaves the object to its other holders", async () => {
    const creator = ChildProgram.node("hold-object", "create", "value", "orphan");
    assert.equal(await creator.line(), "held orphan");
    using value = SharedValue.open("orphan", "i32");
    await creator.kill();
    assert.equal(value.add(1), 7);
    using again = SharedValue.open("orphan", "i32");
    assert.equal(again.value, 8);
  });

  test("a killed last holder's object is gone after the next process's sweep", async () => {
    for (const what of ["value", "array", "memory"]) {
      const holder = ChildProgram.node("hold-object", "create", what, "swept");
      assert.equal(await holder.line(), "held swept");
      await holder.kill();
      assert.ok(existsSync(fileOf("swept")));
      const next = ChildProgram.node("hold-object", "create", "value", "another", "exit");
      assert.equal(await next.exit, 0);
      assert.ok(!existsSync(fileOf("swept")));
      assert.ok(!existsSync(fileOf("another")), "an orderly end closes what was left open");
    }
  });

  test("a killed last holder's name can be taken at once, also by a process that was there before", async () => {
    using _first = new SharedValue("i32", 0);
    const holder = ChildProgram.node("hold-object", "create", "value", "taken");
    assert.equal(await holder.line(), "held taken");
    assert.throws(() => SharedValue.create("taken", "i32", 1), { code: "ERR_INTERPROC_EXISTS" });
    await holder.kill();
    using again = SharedValue.create("taken", "i32", 2);
    assert.equal(again.value, 2);
  });

  test("a holder's death takes nothing from a persistent object", async () => {
    using _holder = SharedValue.create("persists", "i32", 1, { persist: true });
    _holder.close();
    const holder = ChildProgram.node("hold-object", "open", "value", "persists");
    assert.equal(await holder.line(), "held persists");
    await holder.kill();
    sweep();
    using again = SharedValue.open("persists");
    again.unlink();
  });

  test("one holder more than maxAttached is a typed error, and a dead one's place is free", async () => {
    using value = SharedValue.create("places", "i32", 7, { maxAttached: 2 });
    const second = ChildProgram.node("hold-object", "open", "value", "places");
    assert.equal(await second.line(), "held places");
    const third = ChildProgram.node("hold-object", "open", "value", "places");
    assert.equal(await third.exit, 1);
    await second.kill();
    const fourth = ChildProgram.node("hold-object", "open", "value", "places", "exit");
    assert.deepEqual([await fourth.line(), await fourth.exit], ["held places", 0]);
    for (const maxAttached of [0, -1, 1.5, 65_537, "2" as never])
      assert.throws(() => new SharedValue("i32", 0, { maxAttached }), {
        code: "ERR_INTERPROC_USAGE",
        message: /maxAttached is .*; allowed: 1 to 65536/,
      });
    assert.equal(value.value, 7);
  });

  test("a foreign file, a folder or a link under a name is a MismatchError or refused, and stays as it is", () => {
    const path = fileOf("foreign");
    const open = [
      () => SharedValue.open("foreign"),
      () => SharedArray.open("foreign"),
      () => SharedMemory.open("foreign"),
    ];
    for (const content of ["", "hello", "x".repeat(5000)]) {
      writeFileSync(path, content);
      for (const work of open) assert.throws(work, MismatchError);
      assert.throws(() => SharedValue.openOrCreate("foreign", "i32"), MismatchError);
      assert.throws(() => SharedValue.create("foreign", "i32"), ExistsError);
      assert.equal(readFileSync(path, "utf8"), content);
    }
    rmSync(path);
    mkdirSync(path);
    for (const work of open) assert.throws(work, /EISDIR|regular file/);
    rmSync(path, { recursive: true });
    symlinkSync("/etc/passwd", path);
    for (const work of open) assert.throws(work, /ELOOP|regular file/);
    rmSync(path);
  });

  test("a copied or renamed object's file is a MismatchError, because it says its own name", () => {
    using value = SharedValue.create("original", "i32", 1);
    writeFileSync(fileOf("copy"), readFileSync(fileOf("original")), { mode: 0o600 });
    assert.throws(() => SharedValue.open("copy"), {
      code: "ERR_INTERPROC_MISMATCH",
      message: /its name is "original"/,
    });
    rmSync(fileOf("copy"));
    assert.equal(value.value, 1);
  });

  test("a file cut short anywhere is a MismatchError and never a crash", () => {
    const make = [
      () => SharedValue.create("cut", "i64", 5n, { persist: true }),
      () => SharedArray.create("cut", "f64", 1000, { persist: true }),
      () => SharedMemory.create("cut", { size: 9000, persist: true }),
    ];
    const open = [() => SharedValue.open("cut"), () => SharedArray.open("cut"), () => SharedMemory.open("cut")];
    for (const [index, create] of make.entries()) {
      create().close();
      const whole = readFileSync(fileOf("cut"));
      for (let length = whole.length - 1; length >= 0; length -= length > 4200 ? 997 : 61) {
        truncateSync(fileOf("cut"), length);
        assert.throws(open[index], MismatchError, `${length} of ${whole.length} bytes`);
      }
      rmSync(fileOf("cut"));
    }
  });

  test("a file whose header says that it was removed is a MismatchError", () => {
    SharedValue.create("removed", "i32", 1, { persist: true }).close();
    const bytes = readFileSync(fileOf("removed"));
    bytes.writeUInt32LE(1, objectHeader.offset.life);
    writeFileSync(fileOf("removed"), bytes);
    assert.throws(() => SharedValue.openOrCreate("removed", "i32"), {
      code: "ERR_INTERPROC_MISMATCH",
      message: /removed/,
    });
    rmSync(fileOf("removed"));
  });

  test("random bytes in a header are refused or harmless, never a crash", async () => {
    const random = (most: number): number => Math.floor(Math.random() * most);
    const make = [
      () => SharedValue.create("noise", "i64", 5n, { persist: true }),
      () => SharedArray.create("noise", "f64", 40, { persist: true }),
      () => SharedMemory.create("noise", { size: 900, persist: true }),
    ];
    const rounds = process.env.INTERPROC_TEST === "full" ? 3000 : 500;
    for (const create of make) {
      create().close();
      const whole = readFileSync(fileOf("noise"));
      for (let round = 0; round < rounds; round++) {
        const bytes = Buffer.from(whole);
        for (let hits = 1 + random(4); hits > 0; hits--) {
          const at = random(objectHeader.bytes);
          bytes[at] = random(3) === 0 ? random(256) : [0, 1, 0x7f, 0x80, 0xff][random(5)];
        }
        writeFileSync(fileOf("noise"), bytes);
        useWhatOpens();
        rmSync(fileOf("noise"), { force: true });
        if (round % 50 === 0) await new Promise(setImmediate);
      }
    }
  });
});

/** Opens "noise" as everything, and works with what opens. */
function useWhatOpens(): void {
  for (const use of [
    () => {
      using value = SharedValue.open("noise");
      value.exchange(value.value as never);
    },
    () => {
      using array = SharedArray.open("noise");
      for (let index = 0; index < array.length; index++) array.exchange(index, array.get(index));
    },
    () => {
      using memory = SharedMemory.open("noise");
      memory.bytes.fill(1);
    },
  ]) {
    try {
      use();
    } catch (error) {
      assert.match(
        String((error as { code?: string }).code),
        /^ERR_INTERPROC_(MISMATCH|SYSTEM|NOT_FOUND)$/,
        String(error),
      );
    }
  }
}
