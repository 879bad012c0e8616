import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { request } from "node:https";
import { after, describe, test } from "node:test";
import { AuthenticationError, openQueue, openTopic, serveGateway, UsageError } from "interproc";
import { TestCertificates } from "../transports/test-certificates.js";
import { startGateway } from "./gateway-process.js";

const watchdog = { timeout: 60_000 };
const TOKEN = "clients-0123456789-abcdef";
const served = await startGateway({ tokens: [TOKEN] });
const bearer = `Authorization: Bearer ${TOKEN}`;

const python = `
import json, sys, urllib.error, urllib.request
url, token = sys.argv[1:]
def ask(method, path, value=None):
    data = None if value is None else json.dumps(value).encode()
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method)) as answer:
        body = answer.read()
        return answer, json.loads(body) if body else None
ask("POST", "/queues/python", {"from": "python", "n": [1, None, "ü"]})
answer, value = ask("GET", "/queues/python?wait=5000")
ask("POST", "/queues/python/taken/" + answer.headers["Interproc-Receipt"] + "/ack")
try:
    ask("GET", "/queues/.bad")
except urllib.error.HTTPError as error:
    print(json.dumps([value, error.code, json.load(error)["code"]]))
`;

/** Runs a command; gives what it prints. */
async function output(command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  const [code] = await once(child, "close");
  assert.equal(code, 0, text);
  return text;
}

describe("clients of a gateway", () => {
  after(() => served.end());

  test("openQueue with a token: the same queue as curl's", watchdog, async (context) => {
    if (spawnSync("curl", ["--version"]).error) return context.diagnostic("there is no curl");
    const url = `${served.url}/queues/curl`;
    await using queue = await openQueue<unknown>(url, { token: TOKEN });
    const json = ["-H", "Content-Type: application/json"];
    await output("curl", ["-sSf", "-H", bearer, ...json, "-d", '{"n":1}', url]);
    assert.deepEqual(await queue.get(), { n: 1 });
    await queue.put({ n: 2 });
    assert.equal(await output("curl", ["-sSf", "-H", bearer, `${url}?wait=5000&ack=auto`]), '{"n":2}');
    assert.equal(await queue.unacked(), 0);
  });

  test("Python's urllib puts, takes and acknowledges", watchdog, async (context) => {
    if (spawnSync("python3", ["--version"]).error) return context.diagnostic("there is no python3");
    const said = JSON.parse(await output("python3", ["-c", python, served.url, TOKEN])) as unknown;
    assert.deepEqual(said, [{ from: "python", n: [1, null, "ü"] }, 400, "ERR_INTERPROC_USAGE"]);
  });

  test("a wrong token is an AuthenticationError that does not tell it", watchdog, async () => {
    const url = `${served.url}/queues/secret`;
    const token = "wrong-0123456789-abcdef";
    for (const options of [{}, { token }])
      await assert.rejects(openQueue(url, options), (error: Error) => {
        assert.ok(error instanceof AuthenticationError);
        assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes(token));
        return true;
      });
    await assert.rejects(openQueue(`${served.url}/jobs`), UsageError);
    await assert.rejects(openQueue(url.replace("//", "//user:hidden@")), (error: Error) => {
      assert.ok(error instanceof UsageError && !error.message.includes("hidden"));
      return true;
    });
    await assert.rejects(openQueue("shm:x", { token }), UsageError);
  });

  test(
    "a consumer goes on with another gateway at the same place, and an old acknowledgement is refused",
    watchdog,
    async () => {
      const first = await startGateway();
      await using queue = await openQueue<number>(`${first.url}/queues/moved`);
      await queue.put(1);
      const message = await queue.take();
      const waiting = queue.get({ timeout: 40_000 });
      await first.end("SIGKILL");
      const second = await startGateway({ port: first.port });
      await assert.rejects(message.ack(), { code: "ERR_INTERPROC_SYSTEM" });
      await using other = await openQueue<number>(`${second.url}/queues/moved`);
      await other.put(2);
      assert.equal(await waiting, 2);
      await second.end();
    },
  );

  test("https with a certificate", { ...watchdog, skip: TestCertificates.missing }, async () => {
    using certificates = new TestCertificates();
    const { cert, key } = certificates.server;
    await using server = await serveGateway({ tls: { cert, key } });
    assert.match(server.url, /^https:/);
    const status = await new Promise((resolve, reject) => {
      request(`${server.url}/queues/tls`, { ca: certificates.ca, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once("error", reject)
        .end();
    });
    assert.equal(status, 204);
    await assert.rejects(openQueue(`${server.url}/queues/tls`), { code: "ERR_INTERPROC_SYSTEM" });
    const { ca } = certificates;
    await using queue = await openQueue<number>(`${server.url}/queues/tls`, { tls: { ca } });
    await queue.put(7);
    assert.equal(await queue.get(), 7);
    await using topic = await openTopic<number>(`${server.url}/topics/tls-news`, { tls: { ca } });
    await using some = await topic.subscribe();
    await topic.publish(8);
    assert.equal(await some.get(), 8);
    const named = { tls: { ca, servername: "somebody.else" } };
    await assert.rejects(openQueue(`${server.url}/queues/tls`, named), { code: "ERR_INTERPROC_SYSTEM" });
    await assert.rejects(openQueue("http://127.0.0.1:1/queues/tls", { tls: { ca } }), UsageError);
    await assert.rejects(openTopic("shm:tls", { tls: { ca } }), UsageError);
  });

  test("a gateway that asks for certificates serves who shows one", {
    ...watchdog,
    skip: TestCertificates.missing,
  }, async () => {
    using certificates = new TestCertificates();
    const { ca, server: own, client } = certificates;
    await using server = await serveGateway({ tls: { ...own, ca } });
    const url = `${server.url}/queues/mutual`;
    await using queue = await openQueue<number>(url, { tls: { ca, ...client } });
    await queue.put(7);
    assert.equal(await queue.get(), 7);
    await assert.rejects(openQueue(url, { tls: { ca } }), { code: "ERR_INTERPROC_SYSTEM" });
  });
});
