import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { listen } from "interproc";

describe("what a listener at a unix socket leaves when it is killed before it has its name", () => {
  test("smoke: is removed by who listens beside it once it is a minute old, and nothing else is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-leftovers-"));
    const make = (name: string, ageMs: number): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "s"), "");
      utimesSync(join(folder, name), (Date.now() - ageMs) / 1000, (Date.now() - ageMs) / 1000);
    };
    make(".i-Abc123", 120_000);
    make(".i-Def456", 1000); // somebody may be at it
    make(".i-longer-name", 120_000);
    make("another", 120_000);
    const listener = await listen(`unix:${join(folder, "socket")}`);
    assert.deepEqual(readdirSync(folder).sort(), [".i-Def456", ".i-longer-name", "another", "socket"]);
    await listener.close();
    assert.ok(!existsSync(join(folder, "socket")));
    rmSync(folder, { recursive: true });
  });
});
