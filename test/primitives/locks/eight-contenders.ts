import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Lock, type Semaphore, SharedValue } from "interproc";
import { contend } from "../../programs/contend.js";
import { start, ways } from "./parties.js";

const RACE_MS = 1500;

/** Has eight processes and workers take and give back a lock for a while, all at once; each must get it. */
export async function eightContenders(t: TestContext, lock: Lock | Semaphore): Promise<void> {
  using here = new SharedValue("i32", 0);
  using stop = new SharedValue("i32", 0);
  const parties = [...Array(8).keys()].map((index) => start(ways[index % 2], contend, lock, here, stop));
  await here.waitUntil((count) => count === parties.length);
  stop.value = 1;
  await new Promise((done) => setTimeout(done, RACE_MS));
  stop.value = 2;
  const found = await Promise.all(parties.map(({ result }) => result));
  t.diagnostic(`turns ${found.map(({ turns }) => turns).join(" ")}`);
  t.diagnostic(`longest wait ${Math.max(...found.map(({ longest }) => longest)).toFixed(1)} ms`);
  assert.ok(found.every(({ turns }) => turns > 0));
}
