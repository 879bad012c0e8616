import type { RpcRecord } from "./rpc-record.js";

/** What the other side serves, for all peers alike. */
export const rpcApi = {
  add: (a: number, b: number): number => a + b,

  /** Gives the object back, with a sign that it has been there. */
  echo: (record: RpcRecord): RpcRecord => ({ ...record, active: !record.active }),

  async callBack(fn: (n: number) => unknown): Promise<number> {
    return (Number(await fn(20)) || 0) + 1;
  },

  async *count(length: number): AsyncGenerator<number, void, undefined> {
    for (let i = 0; i < length; i++) yield i;
  },
};
