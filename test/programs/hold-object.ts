// Makes or opens an object by name, says so, and holds it until it is killed: hold-object HOW WHAT NAME [exit|wait]
import { SharedArray, SharedMemory, SharedValue } from "interproc";

const [how, what, name, then] = process.argv.slice(2);
const held = {
  value: () => (how === "create" ? SharedValue.create(name, "i32", 7) : SharedValue.open(name, "i32")),
  array: () => (how === "create" ? SharedArray.create(name, "f64", [1, 2]) : SharedArray.open(name)),
  memory: () => (how === "create" ? SharedMemory.create(name, { size: 100 }) : SharedMemory.open(name)),
  python: () => (how === "create" ? SharedMemory.create(name, { size: 100, python: true }) : SharedMemory.open(name)),
}[what]?.();
if (then === "wait" && held instanceof SharedValue) held.waitUntil((value) => value === 1);
setTimeout(() => console.log("held", held?.name), then === "wait" ? 200 : 0);
if (then !== "exit") setInterval(() => {}, 1000);
