import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killFileTopics } from "./topic-file-kill.js";

test("60 processes killed at random while they use a durable topic: nothing confirmed is lost, nothing is invented", {
  timeout: 10 * 60_000,
}, async (t) => {
  const outcome = await killFileTopics({ faults: 60, seed: chooseSeed() });
  t.diagnostic(String(outcome));
  assert.ok(outcome.isClean, `${outcome}\n${outcome.complaints.join("\n")}`);
});
