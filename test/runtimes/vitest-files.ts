/** What a user of vitest writes: tasks in modules of their own, because children import them without vitest. */
export const vitestFiles: Readonly<Record<string, string>> = {
  "work.js": `
    import { task } from "interproc";
    export const triple = task(import.meta, "triple", (n) => n * 3);
    export const hold = task(import.meta, "hold", async (lock, conn) => {
      await lock.acquire();
      await conn.send("held");
      await conn.recv();
    });`,
  "typed-work.ts": `
    import { task } from "interproc";
    export const half = task(import.meta, "half", (n: number): number => n / 2);`,
  "work.spec.ts": `
    import { activeChildren, isMain, Lock, Pool, pipe, Queue, SharedMap, spawn, task } from "interproc";
    import { expect, test } from "vitest";
    import { half } from "./typed-work.ts";
    import { hold, triple } from "./work.js";

    const inSpec = task(import.meta, "inSpec", () => 1);

    test("a queue and a map", async () => {
      using jobs = new Queue<{ id: number }>();
      using seen = new SharedMap<number, string>();
      const getting = jobs.get();
      await jobs.put({ id: 7 });
      seen.set((await getting).id, "seen");
      expect(seen.get(7)).toBe("seen");
    });

    test("a process", async () => {
      const child = spawn(triple, [14]);
      expect(await child.result()).toBe(42);
      expect(await child.join()).toEqual({ code: 0, signal: null });
      expect(activeChildren()).toEqual([]);
    });

    test("a lock whose holder is killed", async () => {
      using lock = new Lock();
      const [mine, theirs] = pipe<string, string>();
      const child = spawn(hold, [lock, theirs]);
      expect(await mine.recv()).toBe("held");
      child.kill();
      const taken = await lock.acquire();
      expect(taken.abandoned).toBe(true);
      taken.release();
      mine.close();
      await child.join();
    });

    test.each(["process", "thread"] as const)("a pool of %s workers", async (worker) => {
      await using pool = new Pool({ processes: 2, worker });
      expect(await pool.map(triple, [1, 2, 3])).toEqual([3, 6, 9]);
    });

    test("a task in TypeScript, by a loader", async () => {
      expect(await spawn(half, [84], { execArgv: ["--import", process.env.TSX as string] }).result()).toBe(42);
    });

    test("a task in the spec itself cannot be had by a child, and the program is not vitest's file", async () => {
      await expect(spawn(inSpec, [], { stdio: "ignore" }).result()).rejects.toMatchObject({ code: "ERR_INTERPROC_REMOTE" });
      expect(isMain(import.meta)).toBe(false);
    });`,
};
