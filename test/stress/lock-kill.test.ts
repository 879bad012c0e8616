import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killLocks } from "./lock-kill.js";

describe("processes and threads that are killed or stopped while they hold or await a lock", {
  timeout: 600_000,
}, () => {
  test("smoke: leave a lock to the next one, at 12 moments", async (t) => {
    const tally = await killLocks({ faults: 12, seed: chooseSeed(), arenas: 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });

  test("never let two in, tell who follows a death and hang nobody, at any of 150 random moments", async (t) => {
    const tally = await killLocks({ faults: 150, seed: chooseSeed() + 1 });
    t.diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  });
});
