// What every runtime must manage: run by test/runtimes on each of them.
import assert from "node:assert/strict";
import { EOFError, pipe, SharedValue } from "interproc";

const [left, right] = pipe<unknown>();
const message = { text: "grüße", bytes: new Uint8Array([1, 2, 3]), when: new Date(0), big: 2n ** 70n };
await left.send(message);
assert.deepEqual(await right.recv(), message);
const waiting = right.recv();
setTimeout(() => left.send("late"), 5);
assert.equal(await waiting, "late");
left.close();
await assert.rejects(right.recv(), EOFError);
right.close();

const value = new SharedValue("i32", 40);
assert.equal(value.add(2), 40);
assert.equal(value.value, 42);
value.close();

console.log("smoke: all well");
