import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Gate, type Refusal } from "./gate.js";
import { LiveFeed } from "./live-feed.js";
import { readPayload } from "./payload/read-payload.js";
import { snapshot } from "./snapshot.js";

/** What the page may have done, where that is allowed. Each gives what is told to the page. */
export interface InspectorActions {
  /** Removes what killed processes left. */
  gc(): unknown;
  /** Takes an object's name away. */
  unlink(name: string): unknown;
}

export interface InspectorOptions {
  /** 0 picks one that is free. */
  readonly port?: number;
  /** Another directory than this user's. */
  readonly directory?: string;
  /** Milliseconds between two looks, while a page is open. */
  readonly intervalMs?: number;
  /** Without them nothing can be changed. */
  readonly actions?: InspectorActions;
  /** Whether the page may show what objects hold; it may be secret. False by default. */
  readonly showPayloads?: boolean;
}

/** An inspector that listens. */
export interface Inspector {
  /** With the token, for whoever is to see it. */
  readonly url: string;
  readonly token: string;
  readonly port: number;
  close(): Promise<void>;
}

const PAGE: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
};
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};
const MOST_BODY = 4096;
const LOOK_MS = 1000;

/**
 * Serves the inspector's page and its data at 127.0.0.1, to whoever has the token in the url; see `gate.ts` for what else
 * is asked. It reads files only. If this process is killed nothing is left.
 *
 * @throws the system's error when the port is taken (`EADDRINUSE`)
 */
export async function serveInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const { directory, actions, intervalMs = LOOK_MS, showPayloads = false } = options;
  const feed = new LiveFeed(directory, intervalMs, { allowsWrite: actions !== undefined, showsPayloads: showPayloads });
  const server = createServer({
    maxHeaderSize: 16_384,
    requestTimeout: 10_000,
    headersTimeout: 5000,
    keepAliveTimeout: 5000,
  });
  server.maxHeadersCount = 64;
  server.maxConnections = 256;
  const port = await listening(server, options.port ?? 0);
  const gate = new Gate(port);
  server.on("request", (request, response) => {
    void answer({ gate, directory, actions, feed, showPayloads }, request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => upgrade(gate, feed, request, socket, head));
  return {
    url: `http://127.0.0.1:${port}/#token=${gate.token}`,
    token: gate.token,
    port,
    close: () => {
      feed.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

interface Desk {
  readonly gate: Gate;
  readonly directory: string | undefined;
  readonly actions: InspectorActions | undefined;
  readonly feed: LiveFeed;
  readonly showPayloads: boolean;
}

async function answer(desk: Desk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { gate } = desk;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const stranger = gate.refuseStranger(request);
  if (stranger) return refuse(response, stranger);
  const path = (request.url ?? "").split("?")[0];
  const page = PAGE[path];
  if (page) {
    if (request.method !== "GET") return refuseMethod(response, "GET");
    response.setHeader("Content-Type", page[1]);
    response.end(readFileSync(new URL(`page/${page[0]}`, import.meta.url)));
    return;
  }
  const foreign = gate.refuseForeignPage(request);
  if (foreign) return refuse(response, foreign);
  switch (path) {
    case "/api/objects": {
      if (request.method !== "GET") return refuseMethod(response, "GET");
      const unknown = gate.refuseUnknown(request);
      return unknown ? refuse(response, unknown) : sendJson(response, 200, snapshot(desk.directory));
    }
    case "/api/session": {
      if (!(await mayChange(gate, request, response))) return;
      // a session is given for the token only: one that was stolen makes no other
      if (!gate.hasToken(request)) return refuse(response, { status: 401, reason: "the token is another one" });
      response.setHeader("Set-Cookie", gate.newCookie());
      return sendJson(response, 200, {});
    }
    case "/api/gc":
    case "/api/unlink": {
      const body = await mayChange(gate, request, response);
      return body ? act(desk, path, body.value, response) : undefined;
    }
    default: {
      const unknown = gate.refuseUnknown(request);
      const [, id] = /^\/api\/payload\/([0-9a-f]{16})$/.exec(path) ?? [];
      if (id !== undefined && !unknown) return sendPayload(desk, id, request, response);
      return unknown ? refuse(response, unknown) : sendJson(response, 404, { error: "there is nothing of that name" });
    }
  }
}

/** The body of a request that is to change something, if it may; else it has been answered. */
async function mayChange(
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ value: unknown } | undefined> {
  const { headers, method } = request;
  const refusal = ((): Refusal | undefined => {
    if (method !== "POST") return { status: 405, reason: "only POST changes anything" };
    const unproven = gate.refuseWithoutOrigin(request) ?? gate.refuseUnknown(request);
    if (unproven) return unproven;
    if (headers["content-type"] !== "application/json")
      return { status: 415, reason: "the body is not application/json" };
    if (headers["x-interproc"] !== "1") return { status: 403, reason: "the header X-Interproc is missing" };
    return undefined;
  })();
  if (refusal) {
    if (refusal.status === 405) response.setHeader("Allow", "POST");
    refuse(response, refusal);
    return undefined;
  }
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MOST_BODY) {
      refuse(response, { status: 413, reason: `the body has more than ${MOST_BODY} bytes` });
      return undefined;
    }
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    refuse(response, { status: 400, reason: "the body is no JSON" });
    return undefined;
  }
}

function act({ actions }: Desk, path: string, body: unknown, response: ServerResponse): void {
  if (!actions) return refuse(response, { status: 403, reason: "nothing can be changed here (--allow-write)" });
  const { name } = (body ?? {}) as { name?: unknown };
  try {
    if (path === "/api/gc") return sendJson(response, 200, actions.gc() ?? {});
    if (typeof name !== "string") return refuse(response, { status: 400, reason: "the name is missing" });
    sendJson(response, 200, actions.unlink(name) ?? {});
  } catch (error) {
    sendJson(response, 409, { error: (error as Error).message });
  }
}

function upgrade(gate: Gate, feed: LiveFeed, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const refusal =
    gate.refuseStranger(request) ??
    gate.refuseForeignPage(request) ??
    gate.refuseWithoutOrigin(request) ??
    gate.refuseUnknown(request) ??
    (request.url === "/api/live" ? undefined : ({ status: 400, reason: "there is no such feed" } as const));
  socket.on("error", () => socket.destroy());
  if (refusal) {
    socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  feed.server.handleUpgrade(request, socket, head, (page) => feed.add(page));
}

/** What one object holds. Its name is looked up here: nobody says which file is read. */
function sendPayload(desk: Desk, id: string, { method }: IncomingMessage, response: ServerResponse): void {
  if (method !== "GET") return refuseMethod(response, "GET");
  if (!desk.showPayloads)
    return refuse(response, { status: 403, reason: "what objects hold is not shown (--show-payloads)" });
  const found = desk.feed.find(id);
  const payload = found && readPayload(id, found.name, desk.directory);
  sendJson(response, payload ? 200 : 404, payload ?? { error: "there is no such object any more" });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, { status, reason }: Refusal): void {
  response.setHeader("Connection", "close");
  if (status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  sendJson(response, status, { error: reason });
}

function refuseMethod(response: ServerResponse, allowed: string): void {
  response.setHeader("Allow", allowed);
  refuse(response, { status: 405, reason: `allowed: ${allowed}` });
}
