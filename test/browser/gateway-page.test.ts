import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openTopic, serveGateway } from "interproc";
import type * as Interproc from "interproc/browser";
import { Chromium, whyNoBrowser } from "./chromium.js";

const watchdog = { timeout: 60_000 };
const TOKEN = "pages+0123456789/abcdef==";

describe("a gateway's topics in a real page", { ...watchdog, skip: whyNoBrowser() }, () => {
  let chromium: Chromium;
  before(async () => {
    chromium = await Chromium.start();
  });
  after(() => chromium?.stop());

  test("smoke: a page subscribes with a token, gets values whole, publishes by fetch, and hears the end", async () => {
    const server = await serveGateway({ tokens: [TOKEN], origins: [chromium.origin] });
    await using topic = await openTopic<unknown>("shm:page-news");
    await using answers = await topic.subscribe("page.#");
    const page = await chromium.page();
    const seen = page.evaluate(
      async ({ module, url, token }) => {
        const { subscribe } = (await import(module)) as typeof Interproc;
        const news = await subscribe<Map<string, Date>>(url, { pattern: "eu.#", token });
        const publish = (value: unknown) =>
          fetch(`${url}?key=page.ready`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: JSON.stringify(value),
          });
        const { status } = await publish("ready");
        const got: unknown[] = [status];
        for await (const message of news.messages()) {
          const { value, key } = message;
          got.push(key, value instanceof Map && value.get("when") instanceof Date, news.missed);
          break;
        }
        await publish("seen");
        for await (const value of news) got.push(value);
        const code = await news.get().catch((error: { code: string }) => error.code);
        return [...got, code];
      },
      { module: "/interproc.mjs", url: `${server.url}/topics/page-news`, token: TOKEN },
    );
    assert.equal(await answers.get(), "ready");
    await topic.publish(new Map(), { key: "us.a" });
    await topic.publish(new Map([["when", new Date(7)]]), { key: "eu.a" });
    assert.equal(await answers.get(), "seen");
    await topic.publish("last", { key: "eu.b" });
    // its subscription has taken it by the time that it answers to the next one
    await server.close();
    assert.deepEqual((await seen).slice(0, 4), [204, "eu.a", true, 0]);
    assert.equal((await seen).at(-1), "ERR_INTERPROC_CLOSED");
    await page.close();
  });

  test("a wrong token, and an origin that is not let in, is a SystemError in one sentence; a wrong url a UsageError", async () => {
    await using server = await serveGateway({ tokens: [TOKEN], origins: [chromium.origin] });
    await using closed = await serveGateway({ tokens: [TOKEN] });
    const page = await chromium.page();
    const codes = await page.evaluate(
      async ({ module, urls, token }) => {
        const { subscribe } = (await import(module)) as typeof Interproc;
        const codeOf = (url: string, given?: string) =>
          subscribe(url, given === undefined ? {} : { token: given }).then(
            (one) => one.close().then(() => "in"),
            (error: { code: string }) => error.code,
          );
        const [open, other] = urls;
        return [
          ...[
            await codeOf(open, token),
            await codeOf(open, `${token}x`),
            await codeOf(open),
            await codeOf(other, token),
          ],
          ...[await codeOf(open.replace("topics", "queues"), token), await codeOf("ws://127.0.0.1/topics/x", token)],
        ];
      },
      { module: "/interproc.mjs", urls: [server, closed].map(({ url }) => `${url}/topics/page-codes`), token: TOKEN },
    );
    const system = "ERR_INTERPROC_SYSTEM";
    assert.deepEqual(codes, ["in", system, system, system, "ERR_INTERPROC_USAGE", "ERR_INTERPROC_USAGE"]);
    await page.close();
  });
});
