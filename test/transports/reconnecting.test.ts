import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AsyncConnection, connect, type Listener, listen, wait } from "interproc";
import { codes } from "../contract/connection-kind.js";

const watchdog = { timeout: 60_000 };
const soon = { minDelay: 5, maxDelay: 50 };

/** A listener that can be ended with all it has accepted, and started again at its address. */
class Restartable {
  private listener: Listener | undefined;
  private readonly accepted: AsyncConnection[] = [];
  address = "tcp://127.0.0.1:0";

  async start(): Promise<this> {
    this.listener = await listen(this.address);
    this.address = this.listener.address;
    return this;
  }

  async accept(): Promise<AsyncConnection> {
    const conn = await (this.listener as Listener).accept();
    this.accepted.push(conn);
    return conn;
  }

  async stop(): Promise<void> {
    await this.listener?.close();
    for (const conn of this.accepted.splice(0)) conn.close();
  }
}

describe("a connection that is made again", watchdog, () => {
  for (const url of ["tcp://127.0.0.1:0", "ws://127.0.0.1:0"])
    test(`smoke: goes on when its peer has closed, with calls that wait and a loop (${url.slice(0, 3)})`, async () => {
      await using listener = await listen(url);
      const conn = await connect(listener.address, { reconnect: soon });
      const got: unknown[] = [];
      const loop = (async () => {
        for await (const value of conn) {
          got.push(value);
          if (got.length === 3) break;
        }
      })();
      for (const value of ["one", "two", "three"]) {
        const served = await listener.accept();
        await served.send(value);
        served.close();
      }
      await loop;
      assert.deepEqual(got, ["one", "two", "three"]);
      const served = await listener.accept();
      await conn.send("and back");
      assert.equal(await served.recv(), "and back");
      served.close();
      conn.close();
      assert.equal(conn.closed, true);
      await assert.rejects(conn.recv(), codes.closed);
    });

  test("a send that comes while nobody listens waits, or is given up in time and leaves nothing", async () => {
    const server = await new Restartable().start();
    const told: Error[] = [];
    const conn = await connect(server.address, { reconnect: { ...soon, onDisconnect: (error) => told.push(error) } });
    await server.accept();
    await server.stop();
    do assert.equal(await conn.poll({ timeout: 10 }), false);
    while (told.length === 0); // it may not have heard yet
    await assert.rejects(conn.send("never", { timeout: 20 }), codes.timeout);
    await assert.rejects(conn.recv({ timeout: 20 }), codes.timeout);
    assert.deepEqual(await wait([conn], { timeout: 10 }), []);
    const waiting = [conn.send("first"), conn.send("second")];
    await server.start();
    const served = await server.accept();
    await Promise.all(waiting);
    assert.deepEqual([await served.recv(), await served.recv()], ["first", "second"]);
    conn.close();
    await server.stop();
  });

  test("onConnect is through with each connection before anything else is sent over it", async () => {
    const server = await new Restartable().start();
    const conn = await connect(server.address, { reconnect: { ...soon, onConnect: (one) => one.send("it is me") } });
    for (let round = 0; round < 3; round++) {
      const served = await server.accept();
      const sending = conn.send(round);
      assert.equal(await served.recv(), "it is me");
      assert.equal(await served.recv(), round);
      await sending;
      const ended = conn.recv({ timeout: 20_000 }).catch((error: { code: string }) => error.code);
      await server.stop();
      await server.start();
      conn.poll().catch(() => undefined);
      void ended;
    }
    conn.close();
    await server.stop();
  });

  test("gives up after so many attempts in vain, and at once for what does not pass by itself", async () => {
    const server = await new Restartable().start();
    const conn = await connect(server.address, { reconnect: { ...soon, attempts: 3 } });
    await server.accept();
    await server.stop();
    await assert.rejects(conn.recv(), { code: "ERR_INTERPROC_SYSTEM", errno: "ECONNREFUSED" });
    await assert.rejects(conn.send(1), { errno: "ECONNREFUSED" });
    conn.close();
    await using keyed = await listen("tcp://127.0.0.1:0", { authkey: "new" });
    await assert.rejects(connect(keyed.address, { authkey: "old", reconnect: soon }), {
      code: "ERR_INTERPROC_AUTHENTICATION",
    });
    await assert.rejects(connect("fd:3", { reconnect: true }), codes.usage);
    await assert.rejects(connect(server.address, { reconnect: true }), { errno: "ECONNREFUSED" });
  });

  test("options that cannot be are told before anything is dialled", async () => {
    const wrong = (options: object, message: RegExp): Promise<void> =>
      assert.rejects(connect("tcp://127.0.0.1:1", options as never), { code: codes.usage.code, message });
    await wrong({ reconnect: { onConnect: 5 } }, /reconnect\.onConnect is 5; allowed: a function/);
    await wrong({ reconnect: { minDelay: -1 } }, /reconnect\.minDelay is -1; allowed: milliseconds/);
    await wrong({ reconnect: { maxDelay: Number.NaN } }, /reconnect\.maxDelay is NaN/);
    await wrong({ reconnect: { attempts: 0 } }, /reconnect\.attempts is 0; allowed: 1 or more/);
    await wrong({ reconnect: "yes" }, /reconnect is yes; allowed: true, false or an object/);
    await wrong({ timeout: "5" }, /timeout is "5"; allowed: milliseconds/);
    await wrong({ timeout: Number.NaN }, /timeout is NaN/);
    await wrong({ signal: {} }, /signal is no AbortSignal/);
  });
});
