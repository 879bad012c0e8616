// A program that is bundled into one file: a process, a pipe, and pools of processes and of threads.
import { type Connection, currentTask, isMain, Pool, pipe, spawn, task } from "interproc";

const greet = task(import.meta, "greet", async (conn: Connection<string>) => {
  await conn.send("hello");
  conn.close();
});
const triple = task(import.meta, "triple", (n: number) => [n * 3, currentTask()?.name]);

async function main(): Promise<void> {
  const [mine, theirs] = pipe<never, string>();
  const child = spawn(greet, [theirs]);
  for await (const text of mine) console.log(text);
  console.log((await child.join()).code);
  for (const worker of ["process", "thread"] as const) {
    await using pool = new Pool({ processes: 2, worker });
    console.log(JSON.stringify(await pool.map(triple, [1, 2])));
  }
}

if (isMain(import.meta)) void main();
