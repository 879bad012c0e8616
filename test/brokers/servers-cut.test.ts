import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, Socket } from "node:net";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openQueue, openTopic } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { codes } from "../contract/connection-kind.js";
import { CuttableWay } from "./cuttable-way.js";

/** Reconnecting takes pauses of up to two seconds each, and the machine may have other work. */
const watchdog = { timeout: 120_000 };
const names = ["redis", "rabbitmq", "nats", "activemq"] as const;
/** By what a subscription is known on its way to the server. */
const subscribing = { redis: "subscribe", rabbitmq: "cut.#", nats: "SUB ", activemq: "SUBSCRIBE" };

function program(name: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
  return spawn(process.execPath, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
}

/** What a program says, when it has ended. */
async function said(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (more) => {
    text += more;
  });
  const [code, signal] = await once(child, "close");
  assert.equal(code, 0, `${code ?? signal}: ${text}`);
  return text.trim();
}

/** Has the next write to that port fail as the kernel fails it when the other end has gone. */
function breakNextWrite(port: number): () => boolean {
  const write = Socket.prototype.write;
  let isBroken = false;
  Socket.prototype.write = function (this: Socket, ...args: Parameters<Socket["write"]>) {
    if (!isBroken && this.remotePort === port) {
      isBroken = true;
      Socket.prototype.write = write;
      this.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE", errno: -32, syscall: "write" }));
    }
    return write.apply(this, args);
  } as Socket["write"];
  return () => isBroken;
}

for (const name of names) {
  const server = await serverFor(name);
  if (server === undefined) {
    test(`there is no ${name}: nothing of it was tested`, () => undefined);
    continue;
  }

  describe(`${name}: a connection that is cut in the middle of something`, () => {
    test("smoke: a put that did not arrive is made again, once", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const queue = await openQueue<string>(`${way.url}/${freshName()}`);
      const cut = way.cutAt("under way");
      await queue.put("under way");
      await cut;
      const message = await queue.take();
      assert.equal(message.value, "under way");
      // the server of NATS knows by its number that it has not had it
      assert.equal(message.redelivered, name !== "nats");
      await message.ack();
      await queue.put("after");
      assert.equal(await queue.get(), "after");
      await queue.delete();
    });

    test("so is one of a queue with a limit, and what is published to a group", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const probe = await openQueue(`${way.url}/${freshName()}`);
      const canLimit = probe.capabilities.has("maxItems");
      await probe.delete();
      if (canLimit) {
        const queue = await openQueue<string>(`${way.url}/${freshName()}`, { maxItems: 3 });
        const cut = way.cutAt("limited");
        await queue.put("limited");
        await cut;
        const message = await queue.take();
        assert.deepEqual([message.value, message.redelivered], ["limited", name !== "nats"]);
        await message.ack();
        await queue.delete();
      }
      await using topic = await openTopic<string>(`${way.url}/${freshName()}`);
      if (!topic.capabilities.has("durable")) return;
      const group = await topic.subscribe("#", { group: "g", durable: true });
      const cut = way.cutAt("published");
      await topic.publish("published");
      await cut;
      for await (const message of group.messages()) {
        // a topic of NATS has its number too, but marks for its listeners, who do not
        assert.deepEqual([message.value, message.redelivered], ["published", true]);
        await message.ack();
        break;
      }
      await group.unsubscribe();
    });

    test(
      "a subscription that is cut off while it begins begins again, and hears everything once",
      watchdog,
      async () => {
        await using way = await CuttableWay.to(server);
        const place = freshName();
        await using topic = await openTopic<string>(`${way.url}/${place}`);
        await using other = await openTopic<string>(`${server}/${place}`);
        const cut = way.cutAt(subscribing[name]);
        await using subscription = await topic.subscribe("cut.#");
        await cut;
        for (const text of ["a", "b", "c"]) await other.publish(text, { key: "cut.off" });
        assert.deepEqual(
          [await subscription.get(), await subscription.get(), await subscription.get()],
          ["a", "b", "c"],
        );
      },
    );

    test("a write that fails because the other end has gone (EPIPE) is made again", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const queue = await openQueue<string>(`${way.url}/${freshName()}`);
      await queue.put("a");
      const isBroken = breakNextWrite(Number(new URL(way.url).port));
      await queue.put("b");
      assert.equal(isBroken(), true);
      assert.deepEqual([await queue.get(), await queue.get()], ["a", "b"]);
      await queue.delete();
    });

    test("an opening that is cut off says that it can be tried again", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      way.close();
      await assert.rejects(openQueue(`${way.url}/x`), { code: "ERR_INTERPROC_SYSTEM", retryable: true });
    });

    test("so does one at a server that says nothing, without a timeout of its own", watchdog, async () => {
      const silent = createServer().listen(0, "127.0.0.1");
      const sockets = new Set<Socket>();
      silent.on("connection", (socket) => sockets.add(socket.on("error", () => undefined)));
      await once(silent, "listening");
      const url = new URL(server);
      url.port = String((silent.address() as AddressInfo).port);
      await assert.rejects(openQueue(`${url.href.replace(/\/$/, "")}/x`), {
        code: "ERR_INTERPROC_SYSTEM",
        retryable: true,
      });
      for (const socket of sockets) socket.destroy();
      silent.close();
    });

    test("an opening that was given up while the server was away keeps no process alive", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const child = program("opening-in-vain", `${way.url}/${place}`);
      const ended = said(child);
      // ActiveMQ makes queues when they are used
      if (name !== "activemq") await way.cutAt(place);
      way.close();
      const code = await ended;
      assert.match(code, name === "activemq" ? /^(open|ERR_INTERPROC_SYSTEM)$/ : /^ERR_INTERPROC_TIMEOUT$/);
    });

    test("close() at a server that says nothing any more keeps no process alive", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const child = program("closing-queue", `${way.url}/${place}`);
      const ended = said(child);
      await once(child.stdout as NodeJS.EventEmitter, "data");
      way.stall();
      child.stdin?.end();
      assert.match(await ended, /closed$/);
      way.cut();
      await using queue = await openQueue(`${server}/${place}`);
      await queue.delete();
    });
  });
}

const redis = await serverFor("redis");
if (redis !== undefined)
  describe("redis: a consumer that was cut off", () => {
    test("is the same one to all others, and keeps what it takes from then on", watchdog, async () => {
      await using way = await CuttableWay.to(redis);
      const place = freshName();
      await using queue = await openQueue<string>(`${way.url}/${place}`);
      await using other = await openQueue<string>(`${redis}/${place}`);
      // both listen from now on
      await assert.rejects(queue.take({ timeout: 50 }), codes.timeout);
      const cut = way.cutAt("EVALSHA");
      const taking = queue.take();
      await cut;
      await other.put("mine");
      const message = await taking;
      assert.equal(message.value, "mine");
      // whoever waits gives back what consumers had whose connections are gone
      await assert.rejects(other.take({ timeout: 2000 }), codes.timeout);
      await message.ack();
      assert.deepEqual([await other.size(), await other.unacked()], [0, 0]);
      await other.delete();
    });
  });
