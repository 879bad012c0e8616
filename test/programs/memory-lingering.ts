// Ends by itself when nothing is waited for: memory-lingering idle|waiting|unref|given-up|two|call-over|woken
// What still runs says so after a while, and is then ended by its wait.
import assert from "node:assert/strict";
import { pipe, SharedValue } from "interproc";

const mode = process.argv[2];
const [near, far] = pipe<number>();
const [other, another] = pipe<number>();
const waiting = new AbortController();
const received = (value: number): void => console.log("received", value);
if (mode === "unref") near.unref();
if (mode === "woken") {
  far.trySend(1);
  received(await near.recv());
}
if (["waiting", "unref", "two", "woken"].includes(mode)) near.recv().then(received);
if (mode === "two" || mode === "given-up") other.recv({ signal: waiting.signal }).catch(() => undefined);
if (mode === "two" || mode === "given-up") waiting.abort();
if (mode === "call-over")
  assert.throws(() => new SharedValue("i32", 0).waitUntilSync(Boolean, { timeout: 1 }), /timeout|within/);
console.log("begun");
setTimeout(() => {
  console.log("still here");
  far.trySend(2);
  another.close();
}, 150).unref();
