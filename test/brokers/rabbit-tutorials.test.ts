import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { openRabbit } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { hasPika, type Side, TutorialProgram } from "./tutorial-program.js";

const server = await serverFor("rabbitmq");
const sides: readonly Side[] = hasPika() ? ["Node", "Python"] : ["Node"];
const pairs = sides
  .flatMap((one) => sides.map((other) => [one, other] as const))
  .filter((pair) => pair.includes("Node"));
/** Starting several programs takes its time on a busy machine. */
const watchdog = { timeout: 120_000 };
/** A task of more than a minute. */
const endless = `long${".".repeat(10_000)}`;

if (server === undefined) test("there is no RabbitMQ server: nothing of it was tested", () => undefined);
else {
  // each test has names of its own: a worker that was killed may still be known to the server
  const runs: string[] = [];
  let run = "";
  beforeEach(() => {
    run = `${freshName()}-`;
    runs.push(run);
  });
  const start = (side: Side, name: string, ...args: string[]) =>
    new TutorialProgram(side, name, args, { RABBITMQ_URL: server, RABBITMQ_RUN: run });
  const runToEnd = async (side: Side, name: string, ...args: string[]): Promise<string[]> => {
    await using program = start(side, name, ...args);
    return await program.rest();
  };
  const listening = async (side: Side, name: string, ...args: string[]): Promise<TutorialProgram> => {
    const program = start(side, name, ...args);
    assert.equal(await program.line(), "waiting");
    return program;
  };

  after(async () => {
    await using rabbit = await openRabbit(server);
    for (const one of runs) {
      for (const queue of ["hello", "task_queue", "rpc_queue", "confirmed"]) await rabbit.queueDelete(`${one}${queue}`);
      for (const exchange of ["logs", "direct_logs", "topic_logs"]) await rabbit.exchangeDelete(`${one}${exchange}`);
    }
  });

  describe("the tutorials of RabbitMQ, one to one", () => {
    if (sides.length === 1) test("there is no pika: programs in Python were not tested", () => undefined);

    for (const [from, to] of pairs) {
      test(`1, Hello World: ${from} sends, ${to} receives`, watchdog, async () => {
        assert.deepEqual(await runToEnd(from, "send"), ["sent Hello World!"]);
        await using receiver = await listening(to, "receive");
        assert.equal(await receiver.line(), "received Hello World!");
      });

      test(
        `2, Work Queues: ${from} gives tasks, two workers in ${to} do them, none waits behind a busy one`,
        watchdog,
        async () => {
          await using one = await listening(to, "worker");
          await using two = await listening(to, "worker");
          await runToEnd(from, "new-task", endless);
          // one of the two has it, and does nothing else
          const lines = [one.line(), two.line()];
          const busy = await Promise.race(lines.map((line, index) => line.then(() => index)));
          for (const task of ["a.", "b.", "c."]) await runToEnd(from, "new-task", task);
          const words = [await lines[1 - busy], ...(await [two, one][busy].linesOf(5))];
          assert.deepEqual(
            words.filter((line) => line.startsWith("done")),
            ["done a.", "done b.", "done c."],
          );
        },
      );

      test(`2, Work Queues: what a killed worker in ${to} had from ${from}, another one does`, watchdog, async () => {
        const first = await listening(to, "worker");
        await runToEnd(from, "new-task", endless);
        assert.equal(await first.line(), `received ${endless}`);
        await first[Symbol.asyncDispose]();
        await using second = await listening(to, "worker");
        assert.equal(await second.line(), `received ${endless}`);
      });

      test(`3, Publish/Subscribe: ${from} tells all who listen, in ${to} too`, watchdog, async () => {
        await using one = await listening(to, "receive-logs");
        await using two = await listening("Node", "receive-logs");
        assert.deepEqual(await runToEnd(from, "emit-log", "info:", "grüße"), ["sent info: grüße"]);
        for (const listener of [one, two]) assert.equal(await listener.line(), "received info: grüße");
      });

      test(`4, Routing: ${from} sends lines of severities, ${to} gets those that it wants`, watchdog, async () => {
        await using some = await listening(to, "receive-logs-direct", "warning", "error");
        await runToEnd(from, "emit-log-direct", "info", "nothing");
        await runToEnd(from, "emit-log-direct", "error", "it", "burns");
        await runToEnd(from, "emit-log-direct", "warning", "smoke");
        assert.deepEqual(await some.linesOf(2), ["received error it burns", "received warning smoke"]);
      });

      test(`5, Topics: ${from} sends under keys, ${to} gets what its patterns match, once`, watchdog, async () => {
        await using some = await listening(to, "receive-logs-topic", "kern.*", "*.critical");
        await using all = await listening("Node", "receive-logs-topic", "#");
        await runToEnd(from, "emit-log-topic", "app.info", "no");
        await runToEnd(from, "emit-log-topic", "kern.critical", "both");
        await runToEnd(from, "emit-log-topic", "kern.info", "one");
        assert.deepEqual(await some.linesOf(2), ["received kern.critical both", "received kern.info one"]);
        assert.equal((await all.linesOf(3))[0], "received app.info no");
      });

      test(`6, Remote procedure call: ${from} asks, ${to} answers`, watchdog, async () => {
        await using answering = await listening(to, "rpc-server");
        assert.deepEqual(await runToEnd(from, "rpc-client", "10", "20"), ["got 55", "got 6765"]);
        assert.deepEqual(await answering.linesOf(2), ["asked 10", "asked 20"]);
      });
    }

    test("7, Publisher Confirms: what was confirmed is there; what no queue takes is told", watchdog, async () => {
      const words = await runToEnd("Node", "publisher-confirms", "50");
      const ways = ["one by one", "in batches", "as they come"];
      assert.deepEqual(words, [...ways.map((way) => `confirmed 50 ${way}`), "NotFoundError"]);
      await using rabbit = await openRabbit(server);
      assert.equal((await rabbit.queueDeclare(`${run}confirmed`)).messageCount, 150);
      if (!sides.includes("Python")) return;
      assert.deepEqual(await runToEnd("Python", "publisher-confirms", "50"), [
        "confirmed 50 one by one",
        "UnroutableError",
      ]);
      assert.equal((await rabbit.queueDeclare(`${run}confirmed`)).messageCount, 200);
    });
  });
}
