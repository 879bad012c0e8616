// Forgets the guard: it spawns whenever it is imported.
import { spawn, task } from "interproc";

const work = task(import.meta, async function work() {
  return "done";
});
console.log(`started by ${process.ppid}`);
console.log(await spawn(work).result());
