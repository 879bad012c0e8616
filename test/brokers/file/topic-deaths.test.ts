import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openTopic } from "interproc";
import { drained, left, workers } from "./what-is-left.js";

const watchdog = { timeout: 300_000 };
const program = fileURLToPath(new URL("../../programs/topic-die-at.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "interproc-topic-deaths-"));
const AT_ONCE = 4;

/** Lets a process publish and take up to that step, and looks at what is there then; false when it lived to its end. */
async function diesAt(step: number, how: string): Promise<boolean> {
  const path = join(home, `${how}-${step}`);
  await using ears = await openTopic<number>(`file:${path}`);
  await using listener = await ears.subscribe();
  await (await ears.subscribe("#", workers)).close();
  const child = spawn(process.execPath, [program, path, String(step), how], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code, signal] = await once(child, "close");
  const of = (verb: string): number[] =>
    [...said.matchAll(new RegExp(`^${verb} (\\d+)$`, "gm"))].map(([, n]) => Number(n));
  const [begun, published, taken, acked] = ["begun", "published", "taken", "acked"].map(of);
  const there = await left(path);
  const where = `step ${step}: ${said}`;
  assert.equal(new Set(there).size, there.length, where);
  for (const n of published) assert.ok(there.includes(n) || taken.includes(n), `${n} is lost, ${where}`);
  for (const n of there) assert.ok(begun.includes(n) && !acked.includes(n), `${n} came again, ${where}`);
  // whoever publishes next also shows listeners what was written before
  await ears.publish(99);
  const heard = await drained(listener);
  assert.equal(heard.pop(), 99, where);
  assert.deepEqual(heard, begun.slice(0, heard.length), where);
  assert.ok(heard.length >= published.length, where);
  assert.equal(listener.missed, 0, where);
  if (code !== 0) assert.equal(signal, "SIGKILL", where);
  return code !== 0;
}

describe("a process that is killed while it uses a durable topic", () => {
  for (const [how, least] of [
    ["before each step", 30],
    ["amid each write", 12],
  ] as const)
    test(
      `${how}: what was confirmed is there, what was acknowledged is not, nothing is invented`,
      watchdog,
      async () => {
        let deaths = 0;
        for (let step = 1; ; step += AT_ONCE) {
          const died = await Promise.all(
            Array.from({ length: AT_ONCE }, (_, n) => diesAt(step + n, how.split(" ")[0])),
          );
          deaths += died.filter(Boolean).length;
          if (died.includes(false)) break;
        }
        assert.ok(deaths >= least, `${deaths} steps are too few to have seen a log written anew`);
      },
    );
});
