import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSeed } from "../rings/seeded-random.js";
import { killBroker } from "./broker-kill.js";
import { brokers } from "./own-server.js";

describe("a broker whose server, connections, producers and consumers are killed, stopped and cut", {
  timeout: 14 * 60_000,
}, () => {
  for (const broker of brokers)
    test(`${broker === "redis" ? "smoke: " : ""}${broker}: loses nothing that was confirmed, marks what comes again and hangs nobody, through 5 faults`, async (t) => {
      const tally = await killBroker(broker, { faults: 5, seed: chooseSeed() });
      if (tally === undefined) {
        assert.notEqual(process.env.CI, "true", `there is no server of ${broker}`);
        return t.skip(`there is no server of ${broker}; npm run brokers -- start`);
      }
      t.diagnostic(String(tally));
      assert.ok(tally.isClean, `${tally}\n${tally.complaints.join("\n")}`);
      assert.ok((tally.did.messages ?? 0) > 0, `no message came: ${tally}`);
    });
});
