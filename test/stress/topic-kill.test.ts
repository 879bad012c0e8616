import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killTopics } from "./topic-kill.js";

describe("processes and threads that are killed or stopped while they use a topic", { timeout: 10 * 60_000 }, () => {
  test("smoke: lose nothing, and nobody waits for them, at 12 moments", async (t) => {
    const tally = await killTopics({ faults: 12, seed: chooseSeed(), arenas: 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });

  test("lose, double and corrupt nothing, hang nobody and leave no file, at any of 150 random moments", async (t) => {
    const tally = await killTopics({ faults: 150, seed: chooseSeed() + 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });
});
