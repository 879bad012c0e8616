import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  Lock,
  PriorityQueue,
  pipe,
  Queue,
  registerClass,
  SharedArray,
  SharedMap,
  SharedMemory,
  SharedValue,
  Stack,
  Topic,
} from "interproc";
import { StructuredEncoder } from "#src/codec.js";
import { messageText } from "#src/inspector/payload/message-text.js";
import { readPayload } from "#src/inspector/payload/read-payload.js";
import { ValueText } from "#src/inspector/payload/value-text.js";
import { snapshot } from "#src/inspector/snapshot.js";
import { directoryPath } from "#src/memory/directory.js";
import { withHeaders } from "#src/primitives/headed.js";
import { HEADED } from "#src/rings/item-store.layout.js";

const WATCHDOG = { timeout: 120_000 };
const RUNS = process.env.INTERPROC_TEST === "fast" ? 300 : 3000;

const textOf = (value: unknown): string => ValueText.of(new StructuredEncoder().encode(value).slice(), false);

const payloadOf = (name: string) => {
  const found = snapshot().objects.find((one) => one.name === name);
  assert.ok(found, name);
  const payload = readPayload(found.id, name);
  assert.ok(payload, `${name} has a payload`);
  return payload;
};

const texts = (name: string): string[] => payloadOf(name).entries.map(({ text }) => text);

describe("what a message says, as text", WATCHDOG, () => {
  test("smoke: plain values are written as one would type them", () => {
    assert.equal(
      textOf({ id: 7, tags: ["a", "b"], ok: true, none: null }),
      '{ id: 7, tags: ["a", "b"], ok: true, none: null }',
    );
    assert.equal(
      textOf([-3, 300, 70_000, 1.5, -0, 5n, -(2n ** 70n), undefined]),
      "[-3, 300, 70000, 1.5, -0, 5n, -1180591620717411303424n, undefined]",
    );
  });

  test("each further kind is named, and nothing of it is made", () => {
    const same = { x: 1 };
    const sparse = [1, 2, 3, 4];
    delete sparse[1];
    delete sparse[2];
    assert.equal(textOf(sparse), "[1, <2 empty>, 4]");
    assert.equal(textOf(new Map<unknown, unknown>([["k", new Set([1, 2])]])), 'Map(1) { "k" => Set(2) { 1, 2 } }');
    assert.equal(textOf(new Date(0)), "Date(1970-01-01T00:00:00.000Z)");
    assert.equal(textOf(/a+b/gi), 'RegExp("a+b", "gi")');
    assert.equal(textOf(Object("s")), 'Object("s")');
    assert.equal(textOf([same, same]), "[{ x: 1 }, [the same as object 1]]");
    assert.equal(textOf(new Float64Array([1.5, 2.5])), "Float64Array(2) [1.5, 2.5]");
    assert.equal(textOf(new Uint8Array(30)), `Uint8Array(30) [${Array(24).fill(0).join(", ")}, …]`);
    assert.match(textOf(new RangeError("too far")), /^RangeError \{ message: "too far", stack: "RangeError: too far/);
    assert.equal(textOf({}), "{}");
  });

  test("an instance of a class is its name and its state: its setState is not called", () => {
    let calls = 0;
    class Account {
      constructor(readonly id = 0) {}
    }
    registerClass(Account, {
      name: "Account",
      getState: ({ id }) => ({ id }),
      setState: (state) => {
        calls++;
        return new Account((state as { id: number }).id);
      },
    });
    assert.equal(textOf([new Account(1), new Account(2)]), "[Account { id: 1 }, Account { id: 2 }]");
    assert.equal(calls, 0);
  });

  test("keys and strings cannot pretend to be anything else: what is not seen is escaped", () => {
    assert.equal(textOf({ "a: 1, b": "x\u202e\u0007\u200b\ud800" }), '{ "a: 1, b": "x\\u202e\\u0007\\u200b\\ud800" }');
    assert.equal(textOf({ ["__proto__"]: 1, constructor: 2 }).includes("__proto__: 1"), true);
  });

  test("of long ones the beginning is written, and how long they are", () => {
    assert.match(textOf("x".repeat(5000)), /^"x{500}"… \(5,000 characters\)$/);
    const many = textOf(Array.from({ length: 10_000 }, (_, i) => i));
    assert.ok(many.length < 2500 && many.endsWith(" …"), `${many.length}`);
  });

  test("of a message that is cut off what is there is written", () => {
    const whole = new StructuredEncoder().encode({ id: 1, text: "hello world", rest: [1, 2, 3] }).slice();
    for (let length = 1; length < whole.length; length++) {
      const text = ValueText.of(whole.subarray(0, length), true);
      assert.ok(text.endsWith("…"), text);
    }
    assert.ok(
      ValueText.of(whole.subarray(0, whole.length - 1), true).startsWith('{ id: 1, text: "hello world", rest: [1, 2'),
    );
  });

  test("nesting beyond 64 is left out, however deep it goes", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 900; i++) deep = { deep };
    const text = textOf(deep);
    assert.ok(text.endsWith("…") && text.length < 1000, text.slice(0, 100));
  });

  test("hostile bytes give a bounded text and never an exception", WATCHDOG, () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 300 }), fc.boolean(), (bytes, isCut) => {
        if (bytes.length > 0) bytes[0] = 0x10 | (bytes[0] & 3);
        const text = ValueText.of(bytes, isCut);
        assert.ok(text.length < 20_000, `${text.length}`);
      }),
      { numRuns: RUNS },
    );
    const sound = new StructuredEncoder()
      .encode({ a: [1, "x", new Map([[1, 2]])], b: new Uint16Array(4), c: new Error("e"), d: 2n ** 99n })
      .slice();
    for (let at = 0; at < sound.length; at++)
      for (const byte of [0, 1, 127, 128, 200, 255]) {
        const bytes = sound.slice();
        bytes[at] = byte;
        assert.ok(ValueText.of(bytes, false).length < 20_000);
      }
  });
});

describe("the payload of an object", WATCHDOG, () => {
  test("smoke: a queue's next messages are there, and stay there", WATCHDOG, () => {
    using queue = Queue.create<unknown>("jobs");
    queue.putManySync([{ id: 1 }, "two", new Uint8Array([1, 2, 255])]);
    assert.deepEqual(payloadOf("jobs"), {
      what: "What is taken next.",
      entries: [
        { label: "1", bytes: payloadOf("jobs").entries[0].bytes, text: "{ id: 1 }" },
        { label: "2", bytes: 5, text: '"two"' },
        { label: "3", bytes: 3, text: "bytes 01 02 ff" },
      ],
      hasMore: false,
    });
    assert.equal(queue.size, 3);
  });

  test("of many messages the first 20 are shown, and that there are more", WATCHDOG, () => {
    using queue = Queue.create<number>("many");
    queue.putManySync(Array.from({ length: 50 }, (_, i) => i));
    assert.deepEqual(
      texts("many"),
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    assert.equal(payloadOf("many").hasMore, true);
  });

  test(
    "a stack shows the newest first, a queue by priority the lowest number first, as they are taken",
    WATCHDOG,
    () => {
      using stack = Stack.create<string>("stack");
      stack.putManySync(["a", "b", "c"]);
      assert.deepEqual(texts("stack"), ['"c"', '"b"', '"a"']);
      using heap = PriorityQueue.create<number>("heap");
      const order = [5, 3, 9, 1, 7, 3, 8, 2, 6, 4];
      for (const [index, priority] of order.entries()) heap.putSync(index, { priority });
      const taken = texts("heap").map(Number);
      assert.deepEqual(
        taken,
        order.map((_, index) => index).sort((a, b) => order[a] - order[b] || a - b),
      );
      assert.equal(payloadOf("heap").entries[0].label, "priority 1");
    },
  );

  test("a message in many blocks, and one that is too long for the queue, begin as they were put", WATCHDOG, () => {
    using queue = Queue.create<string>("long", { capacity: 8192 });
    queue.putSync("b".repeat(1000));
    queue.putSync("s".repeat(100_000));
    const [blocks, spilled] = payloadOf("long").entries;
    assert.match(blocks.text, /^"b{500}"… \(1,000 characters\)$/);
    assert.match(spilled.text, /^"s{500}"… \(100,000 characters\)/);
    assert.ok(spilled.bytes > 100_000);
    queue.tryGet();
    queue.tryGet();
  });

  test("a shared object in a message is named and not opened", WATCHDOG, () => {
    using queue = Queue.create<unknown>("with-handle");
    using value = new SharedValue("i32", 1);
    queue.putSync({ value });
    assert.deepEqual(texts("with-handle"), ["{ value: [shared object or connection end 0] }"]);
  });

  test("texts that go along with a message stand behind it", WATCHDOG, () => {
    const message = new StructuredEncoder().encode({ id: 1 }).slice();
    const bytes = withHeaders({ traceparent: "00-ab" }, message);
    const shown = (part: Uint8Array) =>
      messageText({ bytes: part, length: bytes.length, flags: HEADED }, "/", "0").text;
    assert.equal(shown(bytes), '{ id: 1 }, along with "{\\"traceparent\\":\\"00-ab\\"}"');
    for (let length = 0; length < bytes.length; length++) assert.ok(shown(bytes.subarray(0, length)).length > 0);
    const forged = bytes.slice().fill(255, 0, 4);
    assert.match(shown(forged), /more texts than are read/);
  });

  test("a pipe shows what was not read yet, each way, also round the ring's end and in pieces", WATCHDOG, () => {
    const before = new Set(snapshot().objects.map(({ id }) => id));
    const [mine, theirs] = pipe<unknown>({ capacity: 4096 });
    const id = snapshot().objects.find((one) => !before.has(one.id))?.id ?? "";
    for (let round = 0; round < 200; round++) {
      mine.sendSync({ round, filler: "f".repeat(round % 90) });
      theirs.recvSync();
      if (round % 3 === 0) mine.trySend("kept");
      if (round % 3 === 0) {
        const text = readPayload(id)?.entries.map((one) => one.text);
        assert.deepEqual(text, ['"kept"'], `round ${round}`);
        theirs.recvSync();
      }
    }
    theirs.sendSync("back");
    void mine.send("l".repeat(100_000)).catch(() => undefined);
    const payload = readPayload(id);
    const found = payload?.entries.map(({ label, text }) => `${label}: ${text.slice(0, 20)}`).sort();
    assert.equal(found?.length, 2, JSON.stringify(payload));
    assert.ok(found.some((one) => one.includes('"back"')) && found.some((one) => one.includes('"lllll')), `${found}`);
    mine.close();
    theirs.close();
  });

  test("a topic shows the newest messages with their keys and numbers, also after it went round", WATCHDOG, () => {
    using topic = Topic.create<unknown>("mail", { capacity: 8192 });
    using subscription = topic.subscribe();
    topic.publishSync({ n: 0 }, { key: "a.b" });
    assert.deepEqual(
      payloadOf("mail").entries.map(({ label, text }) => [label, text]),
      [['#0 "a.b"', "{ n: 0 }"]],
    );
    for (let n = 1; n < 3000; n++) topic.publishSync({ n });
    const { entries, hasMore } = payloadOf("mail");
    assert.deepEqual(
      entries.map(({ label, text }) => [label, text]),
      Array.from({ length: 20 }, (_, i) => [`#${2999 - i}`, `{ n: ${2999 - i} }`]),
    );
    assert.equal(hasMore, true);
    void subscription;
  });

  test("a map shows entries by their keys; those that were removed are not there", WATCHDOG, () => {
    using map = SharedMap.create<string | number, unknown>("map");
    map.set("name", { first: "Ada" });
    map.set(7, "x".repeat(2000));
    map.set("größe", 1);
    map.set("Ω", 2);
    map.set("gone", 3);
    map.delete("gone");
    const shown = payloadOf("map")
      .entries.map(({ label, text }) => [label, text.slice(0, 20)])
      .sort();
    assert.deepEqual(
      shown,
      [
        ['"größe"', "1"],
        ['"name"', '{ first: "Ada" }'],
        ['"Ω"', "2"],
        ["7", `"${"x".repeat(19)}`],
      ].sort(),
    );
  });

  test("an array and a block show their beginnings, a lock holds nothing", WATCHDOG, () => {
    using array = SharedArray.create("array", "i64", 10);
    array.set(1, -5n);
    assert.deepEqual(
      payloadOf("array").entries.map(({ label, text }) => [label, text]),
      [
        ["[0]", "0, -5, 0, 0, 0, 0, 0, 0"],
        ["[8]", "0, 0"],
      ],
    );
    using memory = SharedMemory.create("memory", { size: 40 });
    memory.bytes.set(Buffer.from("<b>hello</b>\0"));
    assert.match(payloadOf("memory").entries[0].text, /^3c 62 3e 68 .* {2}<b>hello<\/b>\.\.\.\.$/);
    using _lock = Lock.create("lock");
    assert.deepEqual(payloadOf("lock"), { what: "This kind holds nothing.", entries: [], hasMore: false });
  });

  test("what has another identity, a name that leads elsewhere, or is gone, has no payload", WATCHDOG, () => {
    using queue = Queue.create<number>("here");
    const { id } = snapshot().objects.find((one) => one.name === "here") ?? { id: "" };
    assert.equal(readPayload("0".repeat(16), "here"), undefined);
    for (const name of ["../here", ".registry", "a/b", "", "\0", "gone"])
      assert.equal(readPayload(id, name), undefined, name);
    for (const wrong of ["", "../../etc/passwd", "A".repeat(16), `${id}0`])
      assert.equal(readPayload(wrong, "here"), undefined);
    assert.equal(readPayload(id), undefined, "it is not among the anonymous ones");
    void queue;
  });

  test(
    "an object's file with any byte of its control words changed gives a payload or none, and no exception",
    WATCHDOG,
    () => {
      const folder = directoryPath();
      const queue = Queue.create<unknown>("hostile-queue", { capacity: 4096, maxAttached: 4 });
      const heap = PriorityQueue.create<unknown>("hostile-heap", { capacity: 4096, maxAttached: 4 });
      const topic = Topic.create<unknown>("hostile-topic", { capacity: 8192, maxAttached: 4 });
      const map = SharedMap.create<string, unknown>("hostile-map", { capacity: 4096, maxAttached: 4 });
      const array = SharedArray.create("hostile-array", "f64", 4, { maxAttached: 4 });
      for (let i = 0; i < 3; i++) {
        queue.putSync({ i, text: "t".repeat(300) });
        heap.putSync({ i }, { priority: -i });
        topic.publishSync({ i }, { key: "k" });
        map.set(`key ${i}`, { i, text: "t".repeat(300) });
      }
      const forged = join(folder, "forged");
      let seen = 0;
      for (const { name } of [queue, heap, topic, map, array]) {
        const sound = readFileSync(join(folder, name as string));
        const { id } = snapshot().objects.find((one) => one.name === name) ?? { id: "" };
        const step = process.env.INTERPROC_TEST === "fast" ? 124 : 12;
        for (let at = 80; at < Math.min(sound.length, 6000); at += step)
          for (const word of [0, 3, 0x7fff_ffff, 0xffff_ffff]) {
            const bytes = Buffer.from(sound);
            bytes.writeUInt32LE(word, at);
            writeFileSync(forged, bytes);
            const payload = readPayload(id, "forged");
            assert.ok((payload?.entries.length ?? 0) <= 20);
            seen += payload ? 1 : 0;
          }
      }
      assert.ok(seen > 100, `${seen} files were read`);
      rmSync(forged);
      for (const object of [queue, heap, topic, map, array]) object.close();
    },
  );

  test("looking changes no byte", WATCHDOG, () => {
    using queue = Queue.create<{ n: number; text: string }>("busy", { capacity: 16_384 });
    for (let n = 0; n < 20; n++) queue.putSync({ n, text: `${n} `.repeat(60) });
    const before = readFileSync(join(directoryPath(), "busy"));
    assert.equal(payloadOf("busy").entries.length, 20);
    assert.ok(before.equals(readFileSync(join(directoryPath(), "busy"))));
  });
});
