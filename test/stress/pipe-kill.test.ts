import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killPipes } from "./pipe-kill.js";
import { deaths, type Tally } from "./tally.js";

const watchdog = { timeout: 10 * 60_000 };

describe("a process or thread that is killed while it uses a pipe", watchdog, () => {
  const check = (tally: Tally, diagnostic: (line: string) => void): void => {
    diagnostic(String(tally));
    assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
  };

  test("smoke: loses nothing that it had sent, and its peer sees the end", async (t) => {
    check(await killPipes({ kills: 6, seed: chooseSeed(), pairs: 1 }), (line) => t.diagnostic(line));
  });

  test("at any of 150 random moments loses nothing, corrupts nothing, hangs nobody and leaves no file", async (t) => {
    const tally = await killPipes({ kills: 144, seed: chooseSeed() + 1 });
    check(tally, (line) => t.diagnostic(line));
    for (const death of deaths) assert(tally.did[death] > 0, `of 144 victims, for none: ${death}`);
  });
});
