import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "@redis/client";
import type { BenchResults } from "#src/cli/bench/results.js";
import { benchRun } from "../cli/bench/bench-run.js";
import { childrenOf } from "../cli/run-cli.js";
import { serverFor } from "../contract/broker-servers.js";

const WATCHDOG = { timeout: 300_000 };
const QUICK = ["--seconds", "0.05", "--sizes", "64,16k"];

/** What of the command's there is on a Redis server. */
async function leftAt(url: string): Promise<string[]> {
  const client = createClient({ url });
  await client.connect();
  const found = await client.keys("*interproc-bench*");
  client.destroy();
  return found;
}

for (const name of ["redis", "nats", "rabbitmq", "activemq"] as const) {
  const url = await serverFor(name);
  if (url === undefined) {
    test(`there is no ${name}: interproc bench was not tested with it`, () => undefined);
    continue;
  }

  describe(`interproc bench with ${name}`, WATCHDOG, () => {
    test("measures the server by its url and tells no password", async () => {
      const { code, stdout, stderr } = await benchRun(["--only", name, ...QUICK, "--json", "--brokers", url]);
      assert.equal(code, 0, stdout + stderr);
      assert.ok(!`${stdout}${stderr}`.includes(new URL(url).password));
      const { cells, recommendations } = JSON.parse(stdout) as BenchResults & { recommendations: { what: string }[] };
      assert.deepEqual(
        cells.map(({ mechanism, bytes, problem }) => [mechanism, bytes, problem]),
        [
          [name, 64, undefined],
          [name, 16_384, undefined],
        ],
      );
      for (const { roundTrip, oneWay } of cells)
        assert.ok(roundTrip && roundTrip.p50Micros > 0 && oneWay && oneWay.messagesPerSecond > 0);
      assert.ok(recommendations.some(({ what }) => what === "survives all processes"));
      if (name === "redis") assert.deepEqual(await leftAt(url), []);
    });

    if (name !== "redis") return;

    test("a wrong password is told as such and not shown", async () => {
      const wrong = new URL(url);
      wrong.password = "not-the-secret";
      const args = ["--only", name, ...QUICK, "--brokers", wrong.href.replace(/\/$/, "")];
      const { code, stdout, stderr } = await benchRun(args);
      assert.equal(code, 1);
      assert.match(stdout, /^redis \(64 bytes\): failed: .*WRONGPASS/m);
      assert.doesNotMatch(stdout + stderr, /not-the-secret/);
    });

    test("Ctrl-C removes the queues at the server", async () => {
      const args = ["--only", name, "--seconds", "60", "--brokers", url];
      const { code } = await benchRun(args, {}, async (child) => {
        await childrenOf(child.pid as number, 1); // the queues are made before the other side is started
        assert.equal((await leftAt(url)).length > 0, true);
        child.kill("SIGINT");
      });
      assert.equal(code, 130);
      assert.deepEqual(await leftAt(url), []);
    });
  });
}
