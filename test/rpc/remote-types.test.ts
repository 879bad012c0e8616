import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Remote } from "interproc";
import { MESSAGE, REFERENCE } from "#src/rpc/calls.layout.js";
import { read } from "../source-tree.js";

class Store {
  private readonly rows = new Map<string, number>();
  readonly limit = 5;
  get(key: string): number | undefined {
    return this.rows.get(key);
  }
  async sum(each: (n: number) => number): Promise<number> {
    return [...this.rows.values()].reduce((sum, n) => sum + each(n), 0);
  }
  async *keys(): AsyncGenerator<string> {
    yield* this.rows.keys();
  }
  stream(): ReadableStream<number> {
    return ReadableStream.from(this.rows.values());
  }
  listen(): (n: number) => string {
    return String;
  }
  _internal(): void {}
}
interface Api {
  store: Store;
  version: string;
  add(a: number, b: number): number;
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

describe("the types of a remote object", () => {
  test("smoke: methods are awaited, sequences can be iterated at once, and nothing else is there", () => {
    const holds = <_ extends true>(): void => undefined;
    type Far = Remote<Api>;
    holds<Same<ReturnType<Far["add"]>, Promise<number>>>();
    holds<Same<Parameters<Far["add"]>, [a: number, b: number]>>();
    holds<Same<ReturnType<Far["store"]["get"]>, Promise<number | undefined>>>();
    holds<Same<ReturnType<Far["store"]["sum"]>, Promise<number>>>();
    holds<
      ReturnType<Far["store"]["keys"]> extends AsyncIterable<string> & Promise<AsyncIterable<string>> ? true : false
    >();
    holds<ReturnType<Far["store"]["stream"]> extends AsyncIterable<number> ? true : false>();
    holds<Same<Awaited<ReturnType<Awaited<ReturnType<Far["store"]["listen"]>>>>, string>>();
    holds<Same<keyof Far, "store" | "add">>();
    holds<Same<keyof Far["store"], "get" | "sum" | "keys" | "stream" | "listen">>();
    // @ts-expect-error: an argument of another type
    type _Wrong = Far["add"] extends (a: string, b: number) => unknown ? { is: Far["version"] } : never;
  });

  test("docs/formats/calls.md has every kind of message and reference, and no other", () => {
    const rows = [...read("docs/formats/calls.md").matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
    assert.deepEqual(rows, [...Object.values(MESSAGE), ...Object.values(REFERENCE)]);
  });
});
