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
import { UsageError } from "../errors.js";
import { clientRoutes } from "./client-routes.js";
import { Desk } from "./desk.js";
import { Door } from "./door.js";
import type { GatewayOptions } from "./gateway-options.js";
import { lockRoutes } from "./lock-routes.js";
import { metricsRoutes } from "./metrics-routes.js";
import { openapi } from "./openapi.js";
import { Problem } from "./problem.js";
import { problemResponse } from "./problem-response.js";
import { queueRoutes } from "./queue-routes.js";
import { RequestMetrics } from "./request-metrics.js";
import { Router } from "./router.js";
import { topicRoutes } from "./topic-routes.js";
import { valueRoutes } from "./value-routes.js";

/** A handler for requests. */
export interface Gateway extends AsyncDisposable {
  (request: Request): Promise<Response>;
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
  const { maxRequests = 1000, prefix = "" } = options;
  if (!(Number.isInteger(maxRequests) && maxRequests >= 1))
    throw new UsageError(`gateway(): maxRequests is ${String(maxRequests)}; allowed: a whole number, 1 or more`);
  if (typeof prefix !== "string" || (prefix !== "" && !/^\/.*[^/]$/.test(prefix)))
    throw new UsageError(`gateway(): prefix is ${JSON.stringify(prefix)}; allowed: a path like "/ipc"`);
  const door = new Door(options);
  const desk = new Desk(options);
  const requests = new RequestMetrics();
  const routes = requests.named([
    ...queueRoutes(desk),
    ...clientRoutes(desk),
    ...topicRoutes(desk),
    ...valueRoutes(desk),
    ...lockRoutes(desk),
    ...metricsRoutes(requests),
  ]);
  const router = new Router(routes, () => openapi(routes, prefix));
  const closing = new AbortController();
  let running = 0;

  const answer = async (request: Request): Promise<Response> => {
    if (running >= maxRequests)
      return problemResponse(
        new Problem(429, `there are ${maxRequests} requests already (maxRequests)`, {
          headers: { "retry-after": "1" },
        }),
      );
    running++;
    try {
      const visitor = door.enter(request);
      const url = new URL(request.url);
      if (!url.pathname.startsWith(`${prefix}/`)) throw new Problem(404, "there is nothing at this path");
      if (closing.signal.aborted) throw new Problem(503, "the gateway is closing");
      const signal = AbortSignal.any([request.signal, closing.signal]);
      const path = url.pathname.slice(prefix.length);
      const response = await router.answer({ request, visitor, query: url.searchParams, signal }, path, (name) =>
        desk.checkName(name),
      );
      for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
      return response;
    } catch (error) {
      return problemResponse(error);
    } finally {
      running--;
    }
  };
  const close = async (): Promise<void> => {
    closing.abort();
    await desk.close();
  };
  const measured = (request: Request): Promise<Response> => requests.measure(request, answer);
  return Object.assign(measured, { close, [Symbol.asyncDispose]: close });
}
