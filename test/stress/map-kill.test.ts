import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killMaps } from "./map-kill.js";

describe("processes and threads that are killed or stopped while they use a shared map", {
  timeout: 10 * 60_000,
}, () => {
  test("smoke: lose nothing, and nobody waits for them, at 12 moments", async (t) => {
    const tally = await killMaps({ faults: 12, seed: chooseSeed(), arenas: 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });

  test("tear, lose and miscount nothing, hang nobody and leave no file, at any of 150 random moments", async (t) => {
    const tally = await killMaps({ faults: 150, seed: chooseSeed() + 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });
});
