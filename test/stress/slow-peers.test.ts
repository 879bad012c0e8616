import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, listen } from "interproc";
import { openDescriptors, RunningProgram, until } from "../processes/running.js";
import { beset, serve, slowKinds, told } from "./slow-peers.js";

const watchdog = { timeout: 5 * 60_000 };
const PEERS = 500;

describe("hundreds of peers that say nothing, or a byte now and then", watchdog, () => {
  for (const kind of slowKinds)
    test(`${kind.name === "tcp" ? "smoke: " : ""}${kind.name}: a good client's median round trip stays within twice, and nothing is left of them`, async (t) => {
      const siege = await beset(kind, PEERS, 400);
      t.diagnostic(told(siege));
      assert.ok(siege.isFast, told(siege));
      assert.ok(siege.most <= PEERS + 1, `${siege.most} were in at once`);
      assert.equal(siege.descriptorsLeft, 0);
    });

  test("who does not finish the handshake within its deadline is dropped, each told as an AuthenticationError", async () => {
    const refused: Error[] = [];
    await using listener = await listen("tcp://127.0.0.1:0", {
      authkey: "k",
      handshakeTimeout: 1000,
      onRefused: (error) => refused.push(error),
    });
    const before = openDescriptors();
    const program = new RunningProgram("slow-peers", listener.address, "100", "00000010");
    for (let line = await program.line(); line !== "closed 100"; line = await program.line())
      assert.match(String(line), /^closed \d+$/);
    await until(() => listener.connections === 0);
    await until(() => refused.length === 100);
    const client = await connect(listener.address, { authkey: "k" });
    for await (const served of listener) {
      await served.send("let in");
      served.close();
      break;
    }
    assert.equal(await client.recv(), "let in");
    client.close();
    assert.ok(refused.every(({ name }) => name === "AuthenticationError"));
    program.kill(); // its output is one of them
    await until(() => openDescriptors() <= before);
  });

  for (const { name, url, opening } of slowKinds.slice(0, 2))
    test(`${name}: one more than maxConnections is closed at once, though none of them has said who he is`, async () => {
      const refused: Error[] = [];
      await using listener = await listen(url, {
        maxConnections: 60,
        handshakeTimeout: 60_000,
        onRefused: (error) => refused.push(error),
      });
      const serving = serve(listener);
      const before = openDescriptors();
      const program = new RunningProgram("slow-peers", listener.address, "100", opening);
      for (let line = await program.line(); line !== "closed 40"; line = await program.line())
        assert.match(String(line), /^closed \d+$/);
      assert.equal(refused.length, 40);
      assert.match(refused[0].message, /at most 60 \(maxConnections\)$/);
      assert.equal(listener.refusedConnections, 40);
      program.kill();
      await until(() => openDescriptors() <= before);
      const client = await connect(listener.address);
      await client.send("there is room again");
      assert.equal(await client.recv(), "there is room again");
      client.close();
      await listener.close();
      await serving;
    });
});
