import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { UserProject } from "../user-project.js";
import { installRuntimes, runOn, runtimes, whyNotHere } from "./runtimes.js";

const skip = whyNotHere() ?? false;

/** Serves a gateway by what the runtime serves requests with, and asks it as any client and as one of ours. */
const program = `
import { gateway, openQueue } from "interproc";

const answer = gateway({ prefix: "/ipc" });
const at = { port: 0, hostname: "127.0.0.1" };
const server = globalThis.Bun ? Bun.serve({ ...at, fetch: answer }) : Deno.serve({ ...at, onListen() {} }, answer);
const place = "http://127.0.0.1:" + (server.port ?? server.addr.port) + "/ipc/queues/hosted";
const headers = { "content-type": "application/json" };
const put = await fetch(place, { method: "POST", headers, body: '{"n":1}' });
const taken = await fetch(place);
const value = await taken.json();
const acked = await fetch(place + "/taken/" + taken.headers.get("interproc-receipt") + "/ack", { method: "POST" });
const foreign = await fetch(place, { headers: { origin: "https://evil.example" } });
console.log(put.status, JSON.stringify(value), acked.status, foreign.status);
const queue = await openQueue(place);
await queue.put(new Map([[1, 2n]]));
console.log((await queue.get()).get(1));
await queue.close();
await answer.close();
await (server.stop?.(true) ?? server.shutdown());
`;

describe("a gateway by the server of another runtime", () => {
  before(() => {
    if (!skip) installRuntimes();
  });

  for (const name of ["bun", "deno"])
    test(`is served by ${name}, and ends with it`, { skip, timeout: 120_000 }, () => {
      const runtime = runtimes.find((one) => one.name === name) ?? assert.fail(name);
      using project = new UserProject();
      project.write("serving.mjs", program);
      const { status, stdout, stderr } = runOn(runtime, project, ["serving.mjs"]);
      assert.deepEqual({ status, stdout }, { status: 0, stdout: '201 {"n":1} 204 403\n2n\n' }, stderr);
    });
});
