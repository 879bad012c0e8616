import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { snippetsIn } from "../snippets.js";
import { read } from "../source-tree.js";
import { UserProject } from "../user-project.js";

const watchdog = { timeout: 120_000 };
const [program] = snippetsIn(read("docs/guide/from-one-machine-to-many.md"));

describe("the program of the guide from one machine to many", { timeout: 600_000 }, () => {
  let project: UserProject;

  before(() => {
    project = new UserProject();
    project.write("shop.ts", `${program.code}\nexport {};\n`);
    assert.equal(project.compile(["shop.ts"]), "");
  });
  after(() => project[Symbol.dispose]());

  const steps: readonly (readonly [step: string, name?: "rabbitmq" | "nats" | "redis", query?: string])[] = [
    ["shm:"],
    ["file:"],
    ["amqp:", "rabbitmq"],
    ["nats:", "nats", "?ackWait=3000"],
    ["redis:", "redis"],
  ];
  for (const [step, name, query = ""] of steps)
    test(`does the same at ${step}`, watchdog, async (context) => {
      const server = name === undefined ? step : await serverFor(name);
      if (server === undefined) return context.diagnostic(`there is no ${name}`);
      const start = { "shm:": "shm:", "file:": "file:./" }[step] ?? `${server}/`;
      const env = { ...process.env, QUEUES: `${start}${freshName()}-NAME${query}` };
      const { status, signal, stdout, stderr } = project.run("shop.ts", 100_000, env);
      assert.equal(status, 0, `exit ${status ?? signal}, stderr: ${stderr}, stdout: ${stdout}`);
      assert.equal(stdout.trim(), program.prints);
    });
});
