import assert from "node:assert/strict";
import { test } from "node:test";
import { exposeAt, openRabbit, remoteAt } from "interproc";
import { CuttableWay } from "../brokers/cuttable-way.js";
import { hasPika, TutorialProgram } from "../brokers/tutorial-program.js";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { everyCalls } from "./calls-by-url.js";

const watchdog = { timeout: 60_000 };
const servers = {
  amqp: await serverFor("rabbitmq"),
  redis: await serverFor("redis"),
  nats: await serverFor("nats"),
  activemq: await serverFor("activemq"),
};

for (const [name, server] of Object.entries(servers))
  if (server === undefined) test(`there is no server for ${name}: nothing of it was tested`, () => undefined);
  // a consumer that has died is noticed at NATS when it has said nothing for so long
  else everyCalls({ name: `${name}:`, url: (queue) => `${server}/${queue}${name === "nats" ? "?ackWait=1500" : ""}` });

test(
  "amqp: a Python program calls with pika, by JSON, and gets the result or the failure",
  watchdog,
  async (context) => {
    if (servers.amqp === undefined || !hasPika()) return context.diagnostic("there is no RabbitMQ, or no pika");
    const run = `${freshName()}-`;
    const env = { RABBITMQ_URL: servers.amqp, RABBITMQ_RUN: run };
    const api = {
      price: (article: string) => article.length * 10,
      fail: () => {
        throw new RangeError("too many");
      },
    };
    await using served = await exposeAt(`${servers.amqp}/${run}calls`, api);
    const call = async (...args: string[]): Promise<Record<string, unknown>> => {
      await using program = new TutorialProgram("Python", "call-json", args, env);
      return JSON.parse((await program.rest())[0]);
    };
    assert.equal((await call("price", '["apple"]')).result, 50);
    const { name, message } = (await call("fail", "[]")).failure as Record<string, string>;
    assert.deepEqual([name, message], ["RangeError", "too many"]);
    assert.match(String((await call("price", '"apple"')).unreadable), /no call/);
    await using rabbit = await openRabbit(servers.amqp);
    // a message that is no call and asks for no answer is dropped, and the server goes on
    await rabbit.publish("", `${run}calls`, "30");
    assert.equal((await call("price", '["x"]')).result, 10);
    await served.close();
    await rabbit.queueDelete(`${run}calls`);
  },
);

test(
  "amqp: a caller that is cut off while the method runs gets the answer when it is back",
  watchdog,
  async (context) => {
    if (servers.amqp === undefined) return context.diagnostic("there is no RabbitMQ");
    const place = freshName();
    await using way = await CuttableWay.to(servers.amqp);
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const api = {
      work: async (word: string) => {
        begin();
        await ended;
        return `${word} done`;
      },
    };
    await using served = await exposeAt(`${servers.amqp}/${place}`, api);
    await using far = await remoteAt<typeof api>(`${way.url}/${place}`);
    const calling = far.work("it is");
    await begun;
    way.close();
    end();
    await served.close(); // the answer was sent
    way.open();
    assert.equal(await calling, "it is done");
    await using rabbit = await openRabbit(servers.amqp);
    await rabbit.queueDelete(place);
  },
);
