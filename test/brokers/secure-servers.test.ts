import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { openQueue, openTopic } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { codes, watchdog } from "../contract/connection-kind.js";
import { TestCertificates } from "../transports/test-certificates.js";
import { SecureServer, type ServerName } from "./secure-server.js";

const authentication = { code: "ERR_INTERPROC_AUTHENTICATION" };
/** Java and Erlang take long to start on a busy machine. */
const starting = { timeout: 180_000 };
const names: readonly ServerName[] = ["redis", "nats", "rabbitmq", "activemq"];

for (const name of names) {
  if (TestCertificates.missing !== false || !SecureServer.isThere(name)) {
    test(`${name} with TLS: nothing of it was tested (${TestCertificates.missing || "it is not installed"})`, () =>
      undefined);
    continue;
  }

  describe(`${name} with TLS`, starting, () => {
    const certificates = new TestCertificates();
    const others = new TestCertificates();
    const { ca } = certificates;
    let server: SecureServer;

    before(async () => {
      server = await SecureServer.start(name, certificates);
    }, starting);

    after(() => {
      server?.[Symbol.dispose]();
      certificates[Symbol.dispose]();
      others[Symbol.dispose]();
    });

    test("smoke: whoever trusts its authority has queues and topics there", watchdog, async () => {
      await using queue = await openQueue<string>(`${server.url}/${freshName()}`, { tls: { ca } });
      await queue.put("over TLS");
      assert.equal(await queue.get(), "over TLS");
      await queue.delete();
      await using topic = await openTopic<number>(`${server.url}/${freshName()}`, { tls: { ca } });
      await using all = await topic.subscribe();
      await topic.publish(7, { key: "a" });
      assert.equal(await all.get(), 7);
    });

    test("a certificate of another authority is an AuthenticationError that shows no password", watchdog, async () => {
      for (const tls of [{ ca: others.ca }, undefined])
        await assert.rejects(openQueue(`${server.url}/x`, { tls }), (error: Error) => {
          assert.equal((error as { code?: string }).code, "ERR_INTERPROC_AUTHENTICATION", String(error));
          assert.match(error.message, /certificate was refused.*tls\.ca/s);
          const { password } = new URL(server.url);
          if (password.length > 5) assert.ok(!(error.message + inspect(error)).includes(password));
          return true;
        });
      await assert.rejects(openTopic(`${server.url}/x`, { tls: { ca: others.ca } }), authentication);
    });

    test("a certificate of another name is an AuthenticationError", watchdog, async () => {
      const tls = { ca, servername: "elsewhere.example" };
      await assert.rejects(openQueue(`${server.url}/x`, { tls }), authentication);
    });

    test("a server without TLS is not spoken to in clear text", watchdog, async () => {
      const plain = await serverFor(name);
      if (plain === undefined) return;
      const url = plain.replace(/^(\w+):/, "$1s:");
      await assert.rejects(openQueue(`${url}/x`, { tls: { ca }, timeout: 15_000 }), (error: Error) => {
        assert.match(
          String((error as { code?: string }).code),
          /^ERR_INTERPROC_(SYSTEM|TIMEOUT|USAGE|AUTHENTICATION)$/,
        );
        return true;
      });
    });
  });
}

test("tls at an url whose connection is not encrypted is a UsageError", watchdog, async () => {
  for (const url of ["shm:x", "file:./x", "amqp://localhost/x", "redis://localhost/x", "http://localhost/queues/x"])
    await assert.rejects(openQueue(url, { tls: { ca: "" } }), /with tls; allowed: at amqps:, activemqs:/);
  await assert.rejects(openTopic("nats://localhost/x", { tls: { ca: "" } }), codes.usage);
});
