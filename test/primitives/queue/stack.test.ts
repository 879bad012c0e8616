import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pipe, Stack, spawn } from "interproc";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { draining, taking } from "../../programs/queueing.js";

describe("a stack", watchdog, () => {
  test("smoke: the newest goes first, in all forms", async () => {
    using stack = new Stack<number>();
    await stack.put(1);
    stack.putSync(2);
    stack.tryPut(3);
    await stack.putMany([4, 5]);
    assert.deepEqual([await stack.get(), stack.getSync(), stack.tryGet()], [5, 4, 3]);
    stack.tryPut(6);
    assert.deepEqual(await stack.getMany(), [6, 2, 1]);
  });

  test("what is given back goes before all others", () => {
    using stack = new Stack<string>();
    stack.putManySync(["a", "b", "c"]);
    const [c, b] = [stack.takeSync(), stack.takeSync()];
    stack.tryPut("d");
    b.nack();
    assert.equal(stack.tryGet(), "b");
    c.nack();
    assert.deepEqual(stack.getManySync(), ["c", "d", "a"]);
  });

  test("a killed consumer's messages are on top again, as they were", async () => {
    using stack = new Stack<number>();
    stack.putManySync([1, 2, 3]);
    const [mine, theirs] = pipe<string, unknown>();
    const child = spawn(taking, [stack, 2, theirs]);
    assert.deepEqual(await mine.recv(), [
      [3, 1],
      [2, 1],
    ]);
    child.kill();
    await child.join();
    stack.shutdown();
    assert.deepEqual(await spawn(draining, [stack, "getSync"]).result(), [3, 2, 1]);
    mine.close();
  });

  test("long messages, a bound, and names are as a queue's", async () => {
    using stack = Stack.create<Uint8Array>("pile", { capacity: 4096, maxItems: 2 });
    using opened: Stack<Uint8Array> = Stack.open<Uint8Array>("pile");
    using either: Stack<Uint8Array> = Stack.openOrCreate<Uint8Array>("pile");
    stack.tryPut(patterned(5000));
    opened.tryPut(patterned(3));
    assert.equal(either.tryPut(patterned(1)), false);
    assert.deepEqual([(await either.get()).length, (await stack.get()).length], [3, 5000]);
    assert.throws(() => stack.tryPut(patterned(1), { priority: 1 }), codes.usage);
  });
});
