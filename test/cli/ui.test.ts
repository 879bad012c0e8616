import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { Queue } from "interproc";
import type { Snapshot } from "#src/inspector/snapshot-model.js";
import { cliPath, runCli } from "./run-cli.js";

const WATCHDOG = { timeout: 60_000 };

/** The command, once it has printed its first line. */
async function started(...args: string[]) {
  const child = spawn(process.execPath, [cliPath, "ui", "--no-open", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [line] = await once(child.stdout, "data");
  const end = async (): Promise<number | null> => {
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    return code;
  };
  return { line: String(line).trim(), said: () => stderr, end };
}

describe("interproc ui", () => {
  test("smoke: it prints one url with the token, and answers with the objects to who has it", WATCHDOG, async () => {
    using queue = Queue.create<number>("looked-at");
    queue.tryPut(1);
    const { line, end } = await started();
    const [, port, token] = /^http:\/\/127\.0\.0\.1:(\d+)\/#token=([\w-]{43})$/.exec(line) ?? [];
    const objects = `http://127.0.0.1:${port}/api/objects`;
    assert.equal((await fetch(objects)).status, 401);
    const answer = await fetch(objects, { headers: { Authorization: `Bearer ${token}` } });
    const shot = (await answer.json()) as Snapshot;
    assert.equal(shot.objects.find(({ name }) => name === "looked-at")?.depth, 1);
    assert.equal(await end(), 130);
  });

  test("the printed url is told as JSON, and --allow-write warns", WATCHDOG, async () => {
    const { line, said, end } = await started("--json", "--allow-write");
    const { url, token, port } = JSON.parse(line) as { url: string; token: string; port: number };
    assert.equal(url, `http://127.0.0.1:${port}/#token=${token}`);
    await end();
    assert.match(said(), /^interproc: --allow-write: whoever has this url can/);
  });

  test("messages are shown only with --show-payloads, which warns", WATCHDOG, async () => {
    using queue = Queue.create<string>("private");
    queue.tryPut("for few eyes");
    for (const args of [[], ["--show-payloads"]]) {
      const { line, said, end } = await started("--json", ...args);
      const { token, port } = JSON.parse(line) as { token: string; port: number };
      const headers = { Authorization: `Bearer ${token}` };
      const shot = (await (await fetch(`http://127.0.0.1:${port}/api/objects`, { headers })).json()) as Snapshot;
      const id = shot.objects.find(({ name }) => name === "private")?.id;
      const answer = await fetch(`http://127.0.0.1:${port}/api/payload/${id}`, { headers });
      const text = await answer.text();
      await end();
      assert.deepEqual([answer.status, text.includes("for few eyes")], args.length === 0 ? [403, false] : [200, true]);
      assert.match(said(), args.length === 0 ? /^$/ : /^interproc: --show-payloads: whoever has this url can read/);
    }
  });

  test("it reads only, unless it is allowed to write", WATCHDOG, async () => {
    using _queue = Queue.create("kept", { persist: true });
    for (const args of [[], ["--allow-write"]]) {
      const { line, end } = await started("--json", ...args);
      const { token, port } = JSON.parse(line) as { token: string; port: number };
      const answer = await fetch(`http://127.0.0.1:${port}/api/unlink`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${token}`,
          Origin: `http://127.0.0.1:${port}`,
          "Content-Type": "application/json",
          "X-Interproc": "1",
        },
        body: JSON.stringify({ name: "kept" }),
      });
      assert.equal(answer.status, args.length === 0 ? 403 : 200);
      if (args.length === 0) Queue.open("kept").close();
      else assert.throws(() => Queue.open("kept"), { code: "ERR_INTERPROC_NOT_FOUND" });
      await end();
    }
  });

  test("a port that is taken is told in a line, exit code 1; one that is none, exit code 2", WATCHDOG, async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { code, stdout, stderr } = await runCli(["ui", "--no-open", "--port", String(port)]);
    taken.close();
    assert.deepEqual(
      [code, stdout, stderr],
      [1, "", `interproc: port ${port} of 127.0.0.1 cannot be listened at: EADDRINUSE\n`],
    );
    assert.equal((await runCli(["ui", "--port", "65536"])).code, 2);
  });
});
