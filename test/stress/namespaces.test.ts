import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import type { FaultTally } from "./fault-tally.js";
import { killLocks } from "./lock-kill.js";
import { killQueues } from "./queue-kill.js";

const tried = spawnSync("unshare", ["--pid", "--fork", "true"], { encoding: "utf8" });
const missing = tried.status === 0 ? false : `unshare --pid does not work here: ${tried.stderr || tried.error}`;

describe("parties that each live in a pid namespace of their own, where all are process 1", {
  timeout: 600_000,
}, () => {
  const check = (tally: FaultTally, diagnostic: (line: string) => void): void => {
    diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
    assert.ok(tally.did["process killed"] > 0, "nobody was killed");
  };

  test("smoke: share a queue, and its consistency survives their deaths", { skip: missing }, async (t) => {
    const tally = await killQueues({ faults: 40, seed: chooseSeed(), arenas: 2, housings: ["namespace"] });
    check(tally, (line) => t.diagnostic(line));
  });

  test("share locks, which pass on when their holders die", { skip: missing }, async (t) => {
    const tally = await killLocks({ faults: 40, seed: chooseSeed() + 1, arenas: 2, housings: ["namespace"] });
    check(tally, (line) => t.diagnostic(line));
  });
});
