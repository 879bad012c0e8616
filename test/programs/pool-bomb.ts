// Forgets the guard: it makes a pool whenever it is imported.
import { Pool, task } from "interproc";

const work = task(import.meta, async function work() {
  return "done";
});
console.log("started");
const pool = new Pool({ processes: 1 });
console.log(await pool.run(work));
