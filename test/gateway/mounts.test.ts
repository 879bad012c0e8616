import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Gateway, gateway, openQueue, openTopic, Queue } from "interproc";
import { projectRoot } from "../project-root.js";
import { installPackages } from "../runtimes/install-packages.js";
import { EventStream } from "./event-stream.js";
import { SocketReader } from "./socket-reader.js";

const watchdog = { timeout: 120_000 };
const folder = "test/gateway/hosts";
const load = <T>(name: string): T => createRequire(join(projectRoot, folder, "package.json"))(name) as T;

interface Hono {
  all(path: string, answer: (context: { req: { raw: Request } }) => Promise<Response>): void;
  get(path: string, answer: (context: { text(text: string): Response }) => Response): void;
  readonly fetch: (request: Request) => Promise<Response>;
}
interface Express extends RequestListener {
  (incoming: IncomingMessage, outgoing: ServerResponse): void;
  use(path: string, answer: RequestListener): void;
  use(parse: unknown): void;
  post(path: string, answer: (request: { body: unknown }, response: { json(value: unknown): void }) => void): void;
}
interface Fastify {
  register(plugin: (scope: Fastify) => Promise<void>): void;
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parse: (request: unknown, body: unknown, done: (error: null) => void) => void,
  ): void;
  all(
    path: string,
    answer: (request: { raw: IncomingMessage }, reply: { raw: ServerResponse; hijack(): void }) => void,
  ): void;
  post(path: string, answer: (request: { body: unknown }) => Promise<unknown>): void;
  ready(): Promise<unknown>;
  close(): Promise<void>;
  readonly server: Server;
}

/** Next calls what a route's module exports with a request and the parameters of its path. */
type RouteHandler = (request: Request, context: { params: Promise<{ path: string[] }> }) => Promise<Response>;

/** The servers in which people mount it, each with the gateway below /ipc. Gives what listens. */
const hosts: Readonly<Record<string, (answer: Gateway) => Promise<Server>>> = {
  "node:http": async (answer) => createServer(answer.onRequest),
  async Hono(answer) {
    const { Hono } = load<{ Hono: new () => Hono }>("hono");
    const { createAdaptorServer } = load<{ createAdaptorServer(app: Hono): Server }>("@hono/node-server");
    const app = new Hono();
    app.all("/ipc/*", (context) => answer(context.req.raw));
    app.get("/", (context) => context.text("the app's own"));
    return createAdaptorServer(app);
  },
  async Express(answer) {
    const express = load<(() => Express) & { json(): unknown }>("express");
    const app = express();
    app.use("/ipc", answer.onRequest);
    app.use(express.json());
    app.post("/own", ({ body }, response) => response.json(body));
    return createServer(app);
  },
  async Fastify(answer) {
    const app = load<() => Fastify>("fastify")();
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _body, done) => done(null));
      scope.all("/ipc/*", (request, reply) => {
        reply.hijack();
        answer.onRequest(request.raw, reply.raw);
      });
    });
    app.post("/own", async ({ body }) => body);
    await app.ready();
    return app.server;
  },
  async "Next's route handlers"(answer) {
    const route: Record<string, RouteHandler> = { GET: answer, POST: answer, PUT: answer, DELETE: answer };
    // as Next's server does it: a Request of its own making, aborted when the client goes
    const { createAdaptorServer } = load<{ createAdaptorServer(app: { fetch: unknown }): Server }>("@hono/node-server");
    return createAdaptorServer({
      async fetch(request: Request) {
        const path = new URL(request.url).pathname.split("/").slice(2);
        const handler = route[request.method];
        return handler ? handler(request, { params: Promise.resolve({ path }) }) : new Response(null, { status: 405 });
      },
    });
  },
};

before(() => installPackages(folder));

for (const [name, mount] of Object.entries(hosts))
  describe(`a gateway mounted in ${name}`, watchdog, () => {
    let answer: Gateway;
    let server: Server;
    let url: string;
    const TOKEN = "mounted-0123456789-abcdef";
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const queueOf = (kind: string): string => `${kind}-${name.replace(/\W/g, "")}`;

    before(async () => {
      answer = gateway({ prefix: "/ipc", tokens: [TOKEN], maxBody: 100_000 });
      server = await mount(answer);
      server.on("upgrade", answer.onUpgrade);
      if (!server.listening) server.listen(0, "127.0.0.1");
      await once(server, "listening");
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ipc`;
    });
    after(async () => {
      await answer.close();
      server.closeAllConnections();
      server.close();
    });

    test("smoke: what is put by POST is taken by GET and acknowledged; without a token it is 401", async () => {
      const place = `${url}/queues/${queueOf("jobs")}`;
      assert.equal((await fetch(place, { method: "POST", headers, body: '{"n":1}' })).status, 201);
      const taken = await fetch(place, { headers });
      assert.deepEqual(await taken.json(), { n: 1 });
      const ack = `${place}/taken/${taken.headers.get("interproc-receipt")}/ack`;
      assert.equal((await fetch(ack, { method: "POST", headers })).status, 204);
      assert.equal((await fetch(place)).status, 401);
      const described = (await (await fetch(`${url}/openapi.json`, { headers })).json()) as { paths: object };
      assert.ok("/ipc/queues/{queue}" in described.paths);
    });

    test("openQueue and openTopic reach it", async () => {
      await using queue = await openQueue<unknown>(`${url}/queues/${queueOf("ours")}`, { token: TOKEN });
      await queue.putMany([new Map([[1, 2n]]), new Uint8Array([1])]);
      assert.deepEqual(await queue.getMany(2), [new Map([[1, 2n]]), new Uint8Array([1])]);
      await using topic = await openTopic<unknown>(`${url}/topics/${queueOf("news")}`, { token: TOKEN });
      await using some = await topic.subscribe("a.#");
      await topic.publish(new Date(7), { key: "a.b" });
      assert.deepEqual(await some.get(), new Date(7));
    });

    test("events are streamed, and WebSockets come by the server's upgrade", async () => {
      const place = `${url}/topics/${queueOf("events")}`;
      const events = new EventStream(await fetch(place, { headers }));
      assert.equal((await events.next()).event, "open");
      const protocol = `interproc.bearer.${Buffer.from(TOKEN).toString("base64url")}`;
      const socket = new SocketReader(place.replace("http", "ws"), ["interproc.topic.json", protocol]);
      assert.deepEqual(await socket.next(), { open: true });
      await fetch(`${place}?key=k`, { method: "POST", headers, body: "7" });
      assert.deepEqual((await events.next()).data, { key: "k", value: 7, missed: 0 });
      assert.deepEqual(await socket.next(), { key: "k", value: 7, missed: 0 });
      await events.close();
      await socket.close();
    });

    test("who goes away while it waits has taken nothing, and one that has taken gives back", async () => {
      using queue = Queue.openOrCreate<number>(queueOf("gone"));
      const gone = new AbortController();
      const waiting = fetch(`${url}/queues/${queueOf("gone")}?wait=60000&lease=500`, { headers, signal: gone.signal });
      // that it waits is not seen from outside; this one is answered behind it, or beside it
      await fetch(`${url}/queues/${queueOf("other")}/state`, { headers });
      gone.abort();
      await assert.rejects(waiting);
      await queue.put(1);
      // what was written to a connection whose end is not seen yet comes back with its lease
      assert.equal(await queue.get({ timeout: 60_000 }), 1);
    });

    test("a body that is too large is 413, and one that is no JSON 422", async () => {
      const place = `${url}/queues/${queueOf("bodies")}`;
      const large = await fetch(place, { method: "POST", headers, body: JSON.stringify("x".repeat(200_000)) }).catch(
        // the connection may be closed before all of it is sent
        () => undefined,
      );
      assert.ok(large === undefined || large.status === 413);
      assert.equal((await fetch(place, { method: "POST", headers, body: "{" })).status, 422);
    });

    test("what is not below its prefix is the host's", async () => {
      const outside = await fetch(url.replace("/ipc", "/own"), { method: "POST", headers, body: '{"mine":true}' });
      if (name === "Express" || name === "Fastify") assert.deepEqual(await outside.json(), { mine: true });
      else assert.ok(outside.status >= 400 && outside.status < 500);
    });
  });

describe("a gateway behind what has read the body", () => {
  test("says so, instead of taking nothing for something", watchdog, async () => {
    installPackages(folder);
    const express = load<(() => Express) & { json(): unknown }>("express");
    await using answer = gateway({ prefix: "/ipc" });
    const app = express();
    app.use(express.json());
    app.use("/ipc", answer.onRequest);
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ipc/queues/read-before`;
    const put = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "[1]" });
    assert.equal(put.status, 500);
    assert.match(((await put.json()) as { detail: string }).detail, /before what parses bodies/);
    server.closeAllConnections();
    server.close();
  });
});
