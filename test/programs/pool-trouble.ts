// Tasks for pools: work that fails in all the ways there are.
import { type SharedValue, task } from "interproc";

class Boundless extends Error {
  override name = "Boundless";
  override cause: unknown = this;
}

class Silent extends Error {
  override get stack(): string {
    throw new Error("no stack for you");
  }
  override set stack(_: string) {
    // it has none
  }
}

const thrown: Record<string, () => unknown> = {
  error: () => Object.assign(new RangeError("too far", { cause: new TypeError("deeper") }), { code: "E_FAR" }),
  circular: () => new Boundless("round and round"),
  silent: () => new Silent("says nothing"),
  function: () => function odd() {},
  nothing: () => undefined,
  revoked: () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
};

export const failAs = task(import.meta, async function failAs(kind: string) {
  throw thrown[kind]();
});

/** Fails for multiples of three, and counts every call. */
export const failByThrees = task(import.meta, function failByThrees(n: number, calls: SharedValue<"i32">) {
  calls.add(1);
  calls.close();
  if (n % 3 === 0) throw new RangeError(`no ${n}`);
  return n;
});

export const failForThrees = task(import.meta, function failForThrees(n: number) {
  if (n % 3 === 0) throw new RangeError(`no ${n}`);
  return n;
});

/** A function for odd numbers. */
export const functionForOdd = task(import.meta, function functionForOdd(n: number) {
  return n % 2 === 1 ? () => n : n;
});

export const exitWith = task(import.meta, function exitWith(code: number) {
  process.exit(code);
});

export const killSelf = task(import.meta, function killSelf(signal: NodeJS.Signals = "SIGKILL") {
  process.kill(process.pid, signal);
  for (;;);
});

/** Throws when nobody can catch it any more, and does not end by itself. */
export const throwLater = task(import.meta, async function throwLater() {
  setImmediate(() => {
    throw new Error("out of the blue");
  });
  await new Promise(() => setInterval(() => undefined, 1000));
});

export const devourMemory = task(import.meta, function devourMemory() {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(1000).fill({}));
});

export const dieAtThree = task(import.meta, function dieAtThree(n: number) {
  if (n === 3) process.kill(process.pid, "SIGKILL");
  return n;
});
