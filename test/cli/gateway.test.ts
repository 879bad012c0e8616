import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { runCli } from "./run-cli.js";

const watchdog = { timeout: 60_000 };
const TOKEN = "cli-0123456789-abcdef";

/** Runs the command until something was done with what it prints first. */
async function withGateway(args: string[], use: (line: string) => Promise<void>) {
  return runCli(["gateway", ...args], {}, async (child) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const { value } = await lines[Symbol.asyncIterator]().next();
    try {
      await use(value);
    } finally {
      child.kill("SIGTERM");
    }
  });
}

describe("interproc gateway", () => {
  test("smoke: it prints its url, serves, and ends by a signal", watchdog, async () => {
    const { code, stderr } = await withGateway([], async (url) => {
      const put = await fetch(`${url}/queues/from-cli`, {
        ...{ method: "POST", body: "1", headers: { "content-type": "application/json" } },
      });
      assert.equal(put.status, 201);
      assert.equal(await (await fetch(`${url}/queues/from-cli?ack=auto`)).json(), 1);
    });
    assert.deepEqual([code, stderr], [0, ""]);
  });

  test("--api serves what a module exports, --topics and --origin say whose and to whom", watchdog, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-api-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const module = join(folder, "api.mjs");
    writeFileSync(module, "export const add = (a, b) => a + b;\n");
    const page = "https://example.org";
    await withGateway(
      ["--api", module, "--topics", `file:${folder}/`, "--origin", page, "https://b.example"],
      async (url) => {
        const headers = { "content-type": "application/json", origin: page };
        const added = await fetch(`${url}/api/add`, { method: "POST", body: "[1,2]", headers });
        assert.deepEqual([await added.json(), added.headers.get("access-control-allow-origin")], [3, page]);
        assert.ok((await fetch(`${url}/topics/x`, { method: "PUT" })).ok);
        assert.ok(existsSync(join(folder, "x")));
        assert.equal((await fetch(`${url}/topics/none%2Fx`, { method: "PUT" })).ok, false);
      },
    );
    for (const args of [
      ["--api", join(folder, "none.mjs")],
      ["--client-ca", module],
      ["--origin", "example.org"],
    ]) {
      const { code, stderr } = await runCli(["gateway", ...args]);
      assert.ok(code !== 0 && !stderr.includes("    at "), stderr);
    }
  });

  test(
    "--json prints url and port; --token-file has tokens in lines, or with rights as JSON",
    watchdog,
    async (context) => {
      const folder = mkdtempSync(join(tmpdir(), "interproc-tokens-"));
      context.after(() => rmSync(folder, { recursive: true }));
      const file = join(folder, "tokens");
      const status = async (url: string, headers = {}) => (await fetch(`${url}/queues/x`, { headers })).status;
      const authorization = `Bearer ${TOKEN}`;
      writeFileSync(file, `# mine\n${TOKEN}\n\n`);
      await withGateway(["--json", "--token-file", file], async (line) => {
        const { url, port } = JSON.parse(line) as { url: string; port: number };
        assert.equal(url, `http://127.0.0.1:${port}`);
        assert.deepEqual([await status(url), await status(url, { authorization })], [401, 204]);
      });
      writeFileSync(file, JSON.stringify([{ token: TOKEN, write: ["queues/*"] }]));
      await withGateway(["--token-file", file], async (url) => assert.equal(await status(url, { authorization }), 403));
      writeFileSync(file, `[${TOKEN}`);
      const { code, stderr } = await runCli(["gateway", "--token-file", file]);
      assert.equal(code, 2);
      assert.ok(!stderr.includes(TOKEN) && !stderr.includes("    at "), stderr);
    },
  );

  test(
    "what cannot be is one sentence: a host without tokens, a port that is taken, a file that is not there",
    watchdog,
    async () => {
      const beyond = await runCli(["gateway", "--host", "0.0.0.0"]);
      assert.equal(beyond.code, 2);
      assert.match(beyond.stderr, /^interproc: .*"0\.0\.0\.0".*no tokens.*\n$/);
      const missing = await runCli(["gateway", "--token-file", "/no/such/file"]);
      assert.deepEqual([missing.code, missing.stderr], [1, "interproc: /no/such/file cannot be read: ENOENT\n"]);
      await withGateway(["--json"], async (line) => {
        const taken = await runCli(["gateway", "--port", String((JSON.parse(line) as { port: number }).port)]);
        assert.equal(taken.code, 1);
        assert.match(taken.stderr, /^interproc: serveGateway\(\) of .*\n$/);
      });
    },
  );
});
