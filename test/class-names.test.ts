import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import * as interproc from "interproc";

const isClass = (value: unknown): value is new (...args: never) => unknown =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

test("smoke: a class is called what it is exported as, where errors and console.log show it", () => {
  const classes = Object.entries<unknown>({ ...interproc }).flatMap(([name, value]) =>
    isClass(value) ? [{ name, value }] : [],
  );
  assert.ok(classes.length > 30);
  assert.deepEqual(
    classes.map(({ value }) => value.name),
    classes.map(({ name }) => name),
  );
  using lock = new interproc.Lock();
  assert.match(inspect(lock), /^Lock \{/);
});
