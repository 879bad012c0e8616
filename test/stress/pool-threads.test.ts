import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { endThreads } from "./pool-threads.js";

describe("threads of a pool that end in the middle of their tasks", { timeout: 10 * 60_000 }, () => {
  test("smoke: cost what they had begun, 12 times", async (t) => {
    const tally = await endThreads({ faults: 12, seed: chooseSeed(), arenas: 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });

  test("every call is answered once, failed once or made again as asked, 150 times", async (t) => {
    const tally = await endThreads({ faults: 150, seed: chooseSeed() + 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });
});
