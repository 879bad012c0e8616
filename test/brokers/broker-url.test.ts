import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openQueue, openTopic } from "interproc";
import { parseBrokerUrl, redact } from "#src/brokers/broker-url.js";
import { loadPeer } from "#src/brokers/load-peer.js";
import { codes } from "../contract/connection-kind.js";

describe("urls of brokers", () => {
  test("smoke: what they say", () => {
    const of = (url: string) => {
      const { scheme, name, shown } = parseBrokerUrl(url, "openQueue()");
      return [scheme, name, shown];
    };
    assert.deepEqual(of("shm:jobs"), ["shm", "jobs", "shm:jobs"]);
    assert.deepEqual(of("file:./jobs.queue"), ["file", "./jobs.queue", "file:./jobs.queue"]);
    assert.deepEqual(of("file:///var/my%20jobs"), ["file", "/var/my jobs", "file:///var/my%20jobs"]);
    assert.deepEqual(of("amqp://u:p@h:1/jobs?vhost=v"), ["amqp", "jobs", "amqp://u:***@h:1/jobs?vhost=v"]);
    assert.deepEqual(of("redis://h/a%2Fb"), ["redis", "a/b", "redis://h/a%2Fb"]);
  });

  test("what is none is a UsageError that says what is allowed, and has no password in it", async () => {
    for (const url of [
      "jobs",
      "shm:",
      "gopher://u:geheim@h/q",
      "amqp://u:geheim@h",
      "amqp:jobs",
      "redis://u:geheim@/q",
    ])
      await assert.rejects(openQueue(url), (error: Error) => {
        assert.equal((error as { code?: string }).code, "ERR_INTERPROC_USAGE", url);
        assert.match(error.message, /allowed: shm:name/);
        assert.doesNotMatch(error.message, /geheim/);
        return true;
      });
    for (const options of [
      { capacity: 8192 },
      { lossless: true },
      { token: "x" },
      { tls: {} },
      { codec: "xml" as never },
    ])
      await assert.rejects(openTopic("file:./x", options), codes.usage);
    await assert.rejects(openQueue(7 as never), codes.usage);
  });

  test("passwords are taken out of any text", () => {
    assert.equal(redact("at redis://:geheim@h/q?token=geheim&x=1 now"), "at redis://:***@h/q?token=***&x=1 now");
    assert.equal(redact("amqp://u:a:b@h"), "amqp://u:***@h");
  });

  test("a driver that is not installed is an error with the command that installs it", async () => {
    const missing = () => import("this-package-is-not-there" as string);
    await assert.rejects(loadPeer("amqplib", "openQueue() of amqp://h/q", missing), {
      code: "ERR_INTERPROC_NOT_FOUND",
      message: /npm install amqplib@2/,
    });
  });

  test("options of other kinds of queues, and values that make no sense, are UsageErrors", async () => {
    await assert.rejects(openQueue("shm:x", { codec: "json" }), codes.usage);
    await assert.rejects(openQueue("shm:x", { priorities: 1 }), codes.usage);
    await assert.rejects(openQueue("file:./x", { capacity: 5 }), codes.usage);
    await assert.rejects(openQueue("file:./x", { prefetch: 0 }), codes.usage);
    await assert.rejects(openQueue("file:./x", { codec: "xml" as never }), codes.usage);
    await assert.rejects(openQueue("file:./x", { deadLetter: "" }), codes.usage);
    await assert.rejects(openQueue("amqp://h/x", { priorities: 3, maxDeliveries: 2 }), codes.usage);
  });
});
