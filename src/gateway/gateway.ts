/*
 * Gateway: named objects over HTTP
 *
 * Idea    One handler from a request to an answer, as the web's `fetch` has them, so that any server can call it. A table
 *         of routes says what there is; the router and /openapi.json are both made from it.
 * Order   Host, origin and token; how much is under way; the path, the method, the rights; then the body, never before.
 * Death   Of a client: what it had taken comes back, by the end of its session or of the lease. Of the gateway: what
 *         clients had taken comes back as after the death of any consumer; idempotency keys are forgotten.
 * Limits  Bodies, requests and objects are bounded by options. Slow clients are for the server that calls the handler.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { UsageError } from "../errors.js";
import { apiRoutes } from "./api-routes.js";
import { asPlainRequest } from "./as-plain-request.js";
import { clientRoutes } from "./client-routes.js";
import { crossOrigin } from "./cross-origin.js";
import { Desk } from "./desk.js";
import { Door } from "./door.js";
import type { GatewayOptions } from "./gateway-options.js";
import { lockRoutes } from "./lock-routes.js";
import { metricsRoutes } from "./metrics-routes.js";
import { nodeAnswer } from "./node-answer.js";
import { nodeUpgrade } from "./node-upgrade.js";
import { openapi } from "./openapi.js";
import { Places } from "./places.js";
import { Problem } from "./problem.js";
import { problemResponse } from "./problem-response.js";
import { queueRoutes } from "./queue-routes.js";
import { RequestMetrics } from "./request-metrics.js";
import type { Call, Route, Upgrade } from "./route.js";
import { Router } from "./router.js";
import { subscriptionRoutes } from "./subscription-routes.js";
import { topicRoutes } from "./topic-routes.js";
import { valueRoutes } from "./value-routes.js";

/** A handler for requests. */
export interface Gateway extends AsyncDisposable {
  (request: Request): Promise<Response>;
  /** The same for Node's requests: a listener for `"request"`, and a middleware of Express, Connect or Fastify. */
  readonly onRequest: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
  /** WebSockets, of Node's servers: a listener for `"upgrade"`. Paths outside the prefix are left to other listeners, if any. */
  readonly onUpgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends what waits, gives back what clients have taken, and lets go of all objects. */
  close(): Promise<void>;
}

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/**
 * Makes a handler that serves queues, topics, values and locks of this machine over HTTP: to any client (curl, Python,
 * fetch) and to `openQueue("http://host:port/queues/jobs")`. It mounts wherever there are web-standard requests; by itself
 * it listens nowhere, see `serveGateway`. What it serves is in docs/guide/gateway.md and, for machines, at /openapi.json.
 *
 * Requests may come at once, and are answered in any order. What a client has taken and not acknowledged comes back when
 * its lease is over, also when the client is killed; when this process is killed it comes back at once.
 *
 * @throws UsageError for an option that is not allowed
 * @example
 * const answer = gateway({ tokens: ["a-token-that-nobody-guesses"] });
 * const request = new Request("http://localhost/queues/jobs", {
 *   method: "POST",
 *   headers: { authorization: "Bearer a-token-that-nobody-guesses", "content-type": "application/json" },
 *   body: '{"n":1}',
 * });
 * console.log((await answer(request)).status); // 201
 * await answer.close();
 */
export function gateway(options: GatewayOptions = {}): Gateway {
  const { maxRequests = 1000, prefix = "", api } = options;
  if (!(Number.isInteger(maxRequests) && maxRequests >= 1))
    throw new UsageError(`gateway(): maxRequests is ${String(maxRequests)}; allowed: a whole number, 1 or more`);
  if (api !== undefined && (typeof api !== "object" || api === null))
    throw new UsageError(`gateway(): api is ${String(api)}; allowed: an object with methods`);
  if (typeof prefix !== "string" || (prefix !== "" && !/^\/.*[^/]$/.test(prefix)))
    throw new UsageError(`gateway(): prefix is ${JSON.stringify(prefix)}; allowed: a path like "/ipc"`);
  const door = new Door(options);
  const desk = new Desk(options);
  const metrics = new RequestMetrics();
  const routes: readonly Route[] = metrics.named([
    ...queueRoutes(desk),
    ...clientRoutes(desk),
    ...topicRoutes(desk),
    ...subscriptionRoutes(desk),
    ...(api === undefined ? [] : apiRoutes(desk, api)),
    ...valueRoutes(desk),
    ...lockRoutes(desk),
    ...metricsRoutes(metrics),
  ]);
  const router = new Router(routes, () => openapi(routes, prefix));
  const closing = new AbortController();
  const requests = new Places(maxRequests, "requests (maxRequests)");

  /** What may be asked, and by whom. @throws Problem */
  const admitted = (request: Request): readonly [call: Omit<Call, "params">, path: string] => {
    const visitor = door.enter(request);
    const url = new URL(request.url);
    if (!url.pathname.startsWith(`${prefix}/`)) throw new Problem(404, "there is nothing at this path");
    if (closing.signal.aborted) throw new Problem(503, "the gateway is closing");
    const signal = AbortSignal.any([request.signal, closing.signal]);
    return [{ request, visitor, query: url.searchParams, signal }, url.pathname.slice(prefix.length)];
  };
  const checkName = (name: string): void => desk.checkName(name);

  const answer = async (request: Request): Promise<Response> => {
    const origin = door.letIn(request);
    let response: Response;
    let leave: (() => void) | undefined;
    try {
      leave = requests.take();
      if (origin !== undefined && crossOrigin.isQuestion(request)) {
        door.check(request);
        response = crossOrigin.yes();
      } else {
        const [call, path] = admitted(request);
        response = await router.answer(call, path, checkName);
      }
      for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    } catch (error) {
      response = problemResponse(error);
    } finally {
      leave?.();
    }
    if (origin !== undefined) crossOrigin.show(origin, response);
    return response;
  };
  const measured = (request: Request): Promise<Response> => metrics.measure(request, answer);
  const upgrade = async (request: Request): Promise<Upgrade> => {
    const leave = requests.take();
    try {
      const [call, path] = admitted(request);
      return await router.upgrade(call, path, checkName);
    } finally {
      leave();
    }
  };
  const onRequest: Gateway["onRequest"] = (incoming, outgoing) => {
    nodeAnswer(measured, incoming, outgoing).catch(() => outgoing.destroy());
  };
  const onUpgrade: Gateway["onUpgrade"] = (incoming, socket, head) => {
    const { server } = socket as { server?: Server };
    const hasOthers = server === undefined || server.listenerCount("upgrade") > 1;
    if (hasOthers && !incoming.url?.startsWith(`${prefix}/`)) return;
    if (server === undefined || incoming.headers.upgrade?.toLowerCase() === "websocket")
      nodeUpgrade(upgrade, incoming, socket, head).catch(() => socket.destroy());
    else asPlainRequest(incoming, socket, head, server);
  };
  const close = async (): Promise<void> => {
    closing.abort();
    await desk.close();
  };
  return Object.assign(measured, { onRequest, onUpgrade, close, [Symbol.asyncDispose]: close });
}
