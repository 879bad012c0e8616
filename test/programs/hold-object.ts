// Makes or opens an object by name, says so, and holds it until it is killed: hold-object HOW WHAT NAME [exit|wait]
import { type ElementKind, SharedArray, SharedMemory, SharedValue } from "interproc";

const [how, what, name, then] = process.argv.slice(2);
const kinds: Record<string, () => SharedValue | SharedArray | SharedMemory> = {
  value: () => (how === "create" ? SharedValue.create<ElementKind>(name, "i32", 7) : SharedValue.open(name)),
  array: () => (how === "create" ? SharedArray.create<ElementKind>(name, "f64", [1, 2]) : SharedArray.open(name)),
  memory: () => (how === "create" ? SharedMemory.create(name, { size: 100 }) : SharedMemory.open(name)),
  python: () => (how === "create" ? SharedMemory.create(name, { size: 100, python: true }) : SharedMemory.open(name)),
};
const held = kinds[what]();
if (then === "wait" && held instanceof SharedValue) held.waitUntil((value) => value === 1);
console.log("held", held.name);
if (then !== "exit") setInterval(() => {}, 1000);
