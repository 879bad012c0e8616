import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { activeChildren, pipe, spawn } from "interproc";
import { double } from "../programs/answering.js";
import { resting } from "../programs/ending.js";
import { greeting } from "../programs/piping.js";
import { openDescriptors, sharedFiles } from "./running.js";

const watchdog = { timeout: 330_000 };
const isFast = process.env.INTERPROC_TEST === "fast";
const successive = isFast ? 30 : 200;
const together = isFast ? 20 : 100;

/** Everything that a child could leave in its parent. */
const holdings = (): unknown => ({
  descriptors: openDescriptors(),
  files: sharedFiles(),
  resources: process.getActiveResourcesInfo().filter((kind) => /Timeout|PipeWrap|FSReq|TCP/.test(kind)),
  children: activeChildren().length,
});

async function greet(n: number): Promise<void> {
  const [mine, theirs] = pipe<never, string>();
  const child = spawn(greeting, [theirs, `child ${n}`]);
  assert.equal(await mine.recv(), `child ${n}`);
  mine.close();
  assert.deepEqual(await child.join(), { code: 0, signal: null });
}

describe("nothing is left", watchdog, () => {
  test(`smoke: [case 12] by ${successive} children one after another: no descriptor, no file, no timer`, async () => {
    for (let i = 0; i < 3; i++) await greet(i);
    const before = holdings();
    for (let i = 0; i < successive; i++) {
      await greet(i);
      if (i % 50 === 0) assert.deepEqual(holdings(), before, `after ${i + 1} children`);
    }
    assert.deepEqual(holdings(), before);
  });

  test(`[case 8] by ${together} children at once, which all exit with code 0`, async () => {
    await greet(0);
    const before = holdings();
    const children = Array.from({ length: together }, (_, i) => spawn(double, [i]));
    assert.equal(activeChildren().length, together);
    assert.deepEqual(
      await Promise.all(children.map((child) => child.result())),
      children.map((_, i) => i * 2),
    );
    for (const exit of await Promise.all(children.map((child) => child.join())))
      assert.deepEqual(exit, { code: 0, signal: null });
    assert.deepEqual(holdings(), before);
  });

  test("by children that are killed at any time of their start", async () => {
    await greet(0);
    const before = holdings();
    const count = isFast ? 10 : 40;
    for (let i = 0; i < count; i++) {
      const [mine, theirs] = pipe<never, string>();
      const child = spawn(greeting, [theirs, "maybe"]);
      const other = spawn(resting, [], { stdio: "ignore" });
      await new Promise((resolve) => setTimeout(resolve, (i * 150) / count));
      child.kill();
      other.kill();
      await Promise.all([child.join(), other.join()]);
      for await (const text of mine) assert.equal(text, "maybe");
      mine.close();
    }
    assert.deepEqual(holdings(), before);
  });

  test("by a thousand pipes in one thread", async () => {
    const before = holdings();
    for (let i = 0; i < 1000; i++) {
      const [a, b] = pipe({ capacity: 4096 });
      await a.send(i);
      assert.equal(await b.recv(), i);
      a.close();
      b.close();
    }
    assert.deepEqual(holdings(), before);
  });
});
