import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killFileQueues } from "./file-kill.js";

test("150 processes killed at random while they use a durable queue: nothing confirmed is lost, nothing is invented", {
  timeout: 10 * 60_000,
}, async (t) => {
  const outcome = await killFileQueues({ faults: 150, seed: chooseSeed() });
  t.diagnostic(String(outcome));
  assert.ok(outcome.isClean, `${outcome}\n${outcome.complaints.join("\n")}`);
});
