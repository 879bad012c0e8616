import { appendFileSync } from "node:fs";
import { type Connection, expose, remote, task } from "interproc";

/** What the programs of this file serve. */
export const shop = {
  add: (a: number, b: number): number => a + b,
  pid: (): number => process.pid,
  never: (_: AbortSignal): Promise<never> => new Promise(() => undefined),
  fail(): never {
    throw new RangeError("sold out");
  },
  each: async (values: number[], one: (n: number) => number): Promise<number[]> => Promise.all(values.map(one)),
  async *count(to: number): AsyncGenerator<number> {
    for (let n = 0; n < to; n++) yield n;
  },
  die: (): boolean => process.kill(process.pid, "SIGKILL"),
};
export type Shop = typeof shop;

export const serving = task(import.meta, async function serving(conn: Connection) {
  await expose(conn, shop).closed;
});

/** Opens a sequence, passes a callback and a signal, says so, and waits to be killed. */
export const calling = task(import.meta, async function calling(conn: Connection) {
  const api = remote<{
    hold(fn: () => string, signal: AbortSignal): void;
    lines(): AsyncGenerator<string>;
    ready(): void;
  }>(conn);
  api.hold(() => "from the caller", new AbortController().signal);
  const lines = await api.lines();
  await lines.next();
  await api.ready();
  await new Promise(() => setInterval(() => undefined, 1000));
});

/** Calls once and is done: an idle remote object must not keep the process. */
export const callingOnce = task(import.meta, async function callingOnce(conn: Connection, file: string) {
  appendFileSync(file, String(await remote<Shop>(conn).add(1, 2)));
});
