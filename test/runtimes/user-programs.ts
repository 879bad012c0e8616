/** What users write: each runs as it is, by whatever runs its language, and prints what is beside it. */
export interface UserProgram {
  /** The first is the one that is started. */
  readonly files: Readonly<Record<string, string>>;
  readonly output: string;
}

/**
 * One TypeScript file that spawns itself. What it is given is for the child's runtime, instead of its own options. Its
 * currency is what a module run beforehand has set, in the child as in the program.
 */
export const typed: UserProgram = {
  files: {
    "shop.ts": `
      import { type Connection, isMain, pipe, spawn, task } from "interproc";
      import type { ParsedPath } from "node:path";

      interface Order { readonly id: number; readonly prices: readonly bigint[]; readonly due?: Date }
      type Receipt = Readonly<{ id: number; total: bigint; day: number | undefined; file: Pick<ParsedPath, "base"> }>;
      declare global { var currency: string | undefined }

      export const bill = task(import.meta, async function bill(orders: Connection<Receipt, Order>, factor: bigint): Promise<string[]> {
        let count = 0;
        for await (const { id, prices, due } of orders) {
          count++;
          const total: bigint = prices.reduce((sum, price) => sum + price, 0n) * factor;
          await orders.send({ id, total, day: due?.getUTCDate(), file: { base: \`\${id}.txt\` } } satisfies Receipt);
        }
        return [String(count), globalThis.currency ?? "no currency", process.execPath];
      });

      if (isMain(import.meta)) {
        const [mine, theirs] = pipe<Order, Receipt>();
        const execArgv: string[] = process.argv.slice(2);
        const child = spawn(bill, [theirs, 2n], execArgv.length > 0 ? { execArgv } : {});
        for (const prices of [[20n, 1n], []] as bigint[][]) {
          await mine.send({ id: prices.length, prices, ...(prices.length > 0 ? { due: new Date(0) } : {}) });
          const { id, total, day, file }: Receipt = await mine.recv();
          console.log(id, String(total), day, file.base);
        }
        mine.close();
        const [count, currency, path] = await child.result();
        console.log(count, globalThis.currency ?? "no currency", currency, path === process.execPath);
      }`,
    "before.ts": `globalThis.currency = "euro" satisfies string as string;
      declare global { var currency: string | undefined }
      export {};`,
  },
  output: "2 42 1 2.txt\n0 0 undefined 0.txt\n2 euro euro true\n",
};

const commonTask = `
  const { isMain, SharedValue, task } = require("interproc");
  const main = isMain(module);
  exports.bill = task(module, async function bill(orders, counter) {
    for await (const { id, prices } of orders) {
      counter.add(1);
      await orders.send({ id, total: prices.reduce((sum, price) => sum + price, 0) });
    }
    return [main, counter instanceof SharedValue];
  });`;

/** A task in a CommonJS file, imported by a module. */
export const commonImported: UserProgram = {
  files: {
    "shop.mjs": `
      import { isMain, pipe, SharedValue, spawn } from "interproc";
      import { bill } from "./tasks.cjs";
      if (isMain(import.meta)) {
        const [mine, theirs] = pipe();
        const counter = new SharedValue("i32", 0);
        const child = spawn(bill, [theirs, counter]);
        await mine.send({ id: 7, prices: [40, 2] });
        const { id, total } = await mine.recv();
        mine.close();
        console.log(id, total, ...(await child.result()), counter.value);
      }`,
    "tasks.cjs": commonTask,
  },
  output: "7 42 false true 1\n",
};

/** A task in a CommonJS file, required by a CommonJS program. */
export const commonRequired: UserProgram = {
  files: {
    "shop.cjs": `
      const { isMain, pipe, SharedValue, spawn } = require("interproc");
      const { bill } = require("./tasks.cjs");
      if (isMain(module)) {
        const [mine, theirs] = pipe();
        const counter = new SharedValue("i32", 0);
        const child = spawn(bill, [theirs, counter]);
        mine.sendSync({ id: 7, prices: [40, 2] });
        const { id, total } = mine.recvSync();
        mine.close();
        child.result().then((result) => console.log(id, total, ...result, counter.value));
      }`,
    "tasks.cjs": commonTask,
  },
  output: "7 42 false true 1\n",
};
