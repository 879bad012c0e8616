import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killOnTransport, transports } from "./transport-kill.js";

describe("a process that is killed while it talks over a transport", { timeout: 10 * 60_000 }, () => {
  for (const transport of transports)
    test(`${transport === "unix" ? "smoke: " : ""}${transport}: loses nothing that was acknowledged, and its peer sees the end, at 30 moments`, async (t) => {
      const tally = await killOnTransport(transport, { faults: 30, seed: chooseSeed(), arenas: 2 });
      t.diagnostic(String(tally));
      assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
      assert.ok((tally.did.messages ?? 0) > 0, `no message came: ${tally}`);
    });
});
