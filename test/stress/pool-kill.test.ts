import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killWorkers } from "./pool-kill.js";

describe("workers of a pool that are killed or stopped under load", { timeout: 10 * 60_000 }, () => {
  test("smoke: cost what they had begun, at 12 moments", async (t) => {
    const tally = await killWorkers({ faults: 12, seed: chooseSeed(), arenas: 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });

  test("[case 80] every call is answered once, failed once or made again as asked, at any of 150 random moments", async (t) => {
    const tally = await killWorkers({ faults: 150, seed: chooseSeed() + 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });
});
