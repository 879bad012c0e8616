import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { projectRoot } from "./project-root.js";
import { read } from "./source-tree.js";

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
}

interface Script {
  readonly servers: Readonly<Record<string, { url(ports: { port: number }): string }>>;
}

/** The port that an url without one means, and the variable that points the tests at a server. */
const known: Readonly<Record<string, readonly [port: number, variable: string]>> = {
  redis: [6379, "INTERPROC_TEST_REDIS"],
  rabbitmq: [5672, "INTERPROC_TEST_AMQP"],
  activemq: [61613, "INTERPROC_TEST_ACTIVEMQ"],
  nats: [4222, "INTERPROC_TEST_NATS"],
};

const { services } = parse(read("compose.yaml"), { strict: true }) as { services: Record<string, Service> };
const script = pathToFileURL(join(projectRoot, "scripts", "brokers.mjs")).href;
const { servers } = (await import(script)) as Script;

describe("compose.yaml", { timeout: 20_000 }, () => {
  test("smoke: it has the servers that npm run brokers has, each of a fixed version", () => {
    assert.deepEqual(Object.keys(services).sort(), Object.keys(servers).sort());
    for (const { image } of Object.values(services)) assert.match(image, /^[\w/-]+:\d+\.\d+/);
  });

  for (const [name, [port, variable]] of Object.entries(known)) {
    test(`${name} answers on this machine only, at the port that its urls mean, with the same credentials`, () => {
      const { ports, command = [], environment = {} } = services[name];
      assert.deepEqual(ports, [`127.0.0.1:${port}:${port}`]);
      const { username, password } = new URL(servers[name].url({ port }));
      const said = [...command, ...Object.values(environment)];
      for (const word of [username, password]) if (word !== "") assert.ok(said.includes(word), `${word} in ${said}`);
      for (const word of said) assert.equal(typeof word, "string", `${word} is a string`);
    });

    test(`the guide says the url of ${name} there`, () => {
      const line = `export ${variable}=${servers[name].url({ port })}`;
      assert.ok(read("docs/guide/brokers.md").split("\n").includes(line), line);
    });
  }
});
