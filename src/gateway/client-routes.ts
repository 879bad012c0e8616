import type { AsyncPutOptions, MessageHeaders } from "../async-queue.js";
import type { Desk } from "./desk.js";
import { isMessageLike } from "./is-message-like.js";
import { messageBody } from "./message-body.js";
import { MOST_MESSAGES, MOST_WAIT_MS, messageSchemas as schemas } from "./message-schemas.js";
import { Problem } from "./problem.js";
import { queryNumber } from "./query-number.js";
import type { Call, Route } from "./route.js";
import { settleAll } from "./settle-all.js";

/** A client that has not shown life for so long has lost what it had taken, even if its connection looks open. */
const SESSION_LEASE_MS = 60_000;

/** A message on the way in. */
interface Sent {
  readonly body: string;
  readonly contentType: string;
  readonly id?: string;
  readonly headers?: MessageHeaders;
  readonly priority?: number;
  readonly delay?: number;
  readonly ttl?: number;
}

/** What `openQueue("http://…")` does: many messages at once, in the name of a session that ends with its connection. */
export function clientRoutes(desk: Desk): Route[] {
  const path = "/queues/{queue}";
  const unknown = { 410: "There is no such session any more." };
  const { answerOf, count, text, wait, max, call } = schemas;
  return [
    {
      method: "GET",
      path: "/session",
      name: "openSession",
      says: "A stream of events that is a session: what is taken in its name goes back when the stream ends.",
      rights: [],
      answers: { 200: { says: "An event `session` with its name, then signs of life.", isStream: true } },
      async handle({ visitor }) {
        const stream = desk.sessions.stream(visitor.id, desk.streams.take());
        return new Response(stream, { headers: { "content-type": "text/event-stream" } });
      },
    },
    {
      method: "POST",
      path: "/session/{session}/beat",
      name: "beat",
      says: "Begins the leases of all that a session holds anew.",
      rights: [],
      answers: { 204: { says: "They are renewed." } },
      refuses: unknown,
      async handle({ params, visitor }) {
        for (const renew of desk.sessions.find(params.session, visitor.id).atBeat) renew();
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "DELETE",
      path: "/calls/{call}",
      name: "giveUp",
      says: "Gives up a call that waits, by the name that its client gave it; that call is then answered.",
      rights: [],
      answers: { 204: { says: "It is given up, or was over." } },
      async handle({ params, visitor }) {
        desk.calls.giveUp(`${visitor.id} ${params.call}`);
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "POST",
      path: `${path}/messages`,
      name: "putMany",
      says: "Puts messages in their order, as many as there is room for.",
      rights: ["write"],
      query: { wait, call },
      headers: { "Idempotency-Key": { type: "string" } },
      body: schemas.sent({ priority: count, delay: count, ttl: count }),
      answers: { 200: { says: "How many were put.", json: answerOf({ put: count }) } },
      refuses: { 410: "The queue is shut down.", 422: "The body, or one of the messages, is not as it must be." },
      handle: (call) => putMany(desk, call),
    },
    {
      method: "GET",
      path: `${path}/messages`,
      name: "takeMany",
      says: "Takes messages in the name of a session, waiting for the first.",
      rights: ["read"],
      query: { session: text, max, wait, call },
      answers: {
        200: {
          says: "The messages; none when there are none, or the call was given up.",
          json: answerOf({
            messages: schemas.taken({ receipt: text, deliveries: count, redelivered: { type: "boolean" } }, [
              ...["receipt", "deliveries", "redelivered"],
            ]),
          }),
        },
      },
      refuses: { 410: "The session has ended, or the queue is shut down and nothing more will come." },
      handle: (call) => takeMany(desk, call),
    },
    {
      method: "POST",
      path: `${path}/settle`,
      name: "settle",
      says: "Settles messages that were taken; those that are given back stand in front in the order of the list.",
      rights: ["read"],
      body: schemas.settling,
      answers: { 200: { says: "How many of them were not held any more.", json: answerOf({ lost: count }) } },
      handle: (call) => settle(desk, call),
    },
    {
      method: "GET",
      path: `${path}/join`,
      name: "join",
      says: "Waits until every message that was put has been acknowledged.",
      rights: ["read", "write", "admin"],
      query: { wait, call },
      answers: { 200: { says: "Whether it came to that.", json: answerOf({ done: { type: "boolean" } }) } },
      async handle(call) {
        const timeout = queryNumber(call.query, "wait", MOST_WAIT_MS, 0);
        const { queue } = await desk.queue(call.params.queue);
        const done = await desk.waiting(call, (signal) =>
          queue.join({ timeout, signal }).then(
            () => true,
            (error) => {
              if (signal.aborted || (error as { code?: string }).code === "ERR_INTERPROC_TIMEOUT") return false;
              throw error;
            },
          ),
        );
        return Response.json({ done });
      },
    },
  ];
}

async function putMany(desk: Desk, call: Call): Promise<Response> {
  const { request, query, params, visitor } = call;
  const bytes = await desk.bodies.read(request);
  const body = desk.bodies.decode({ bytes, contentType: "application/json" }) as { messages?: unknown } | null;
  const messages = body?.messages;
  if (!Array.isArray(messages) || messages.length > MOST_MESSAGES || !messages.every(isSent))
    throw new Problem(
      422,
      `the body is no list of messages; allowed: up to ${MOST_MESSAGES}, as /openapi.json has them`,
    );
  const wait = queryNumber(query, "wait", MOST_WAIT_MS, 0);
  const key = request.headers.get("idempotency-key");
  const put = await desk.puts.once(key, `${visitor.id} ${params.queue}`, bytes, async () => {
    const served = await desk.queue(params.queue);
    const { capabilities } = served.queue;
    const decoded = messages.map(({ body, contentType, id, headers, ...options }) => ({
      value: desk.bodies.decode({ bytes: Buffer.from(body, "base64"), contentType }),
      options: { ...options, ...(capabilities.has("headers") && { id, headers }) } as AsyncPutOptions,
    }));
    return desk.waiting(call, (signal) => served.put(decoded, wait, signal));
  });
  return Response.json({ put });
}

async function takeMany(desk: Desk, call: Call): Promise<Response> {
  const { params, query, visitor } = call;
  const session = desk.sessions.find(query.get("session") ?? "", visitor.id);
  const served = await desk.queue(params.queue);
  const wait = queryNumber(query, "wait", MOST_WAIT_MS, 0);
  const max = Math.max(1, queryNumber(query, "max", MOST_MESSAGES, 1));
  const ended = new AbortController();
  const end = (): void => ended.abort();
  session.atEnd.add(end);
  try {
    const taken = await desk.waiting(call, (signal) => served.take(max, wait, AbortSignal.any([signal, ended.signal])));
    const isOver = call.signal.aborted || ended.signal.aborted;
    const messages = [];
    for (const message of isOver ? [] : taken) {
      const receipt = served.held.hold(message, SESSION_LEASE_MS, session);
      const { id, headers, deliveries, redelivered } = message;
      const { bytes, contentType } = messageBody(desk.bodies, message);
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
      messages.push({ receipt, body, contentType, headers, deliveries, redelivered, ...(id !== undefined && { id }) });
    }
    if (isOver) for (const message of taken.reverse()) await message.nack();
    return Response.json({ messages });
  } finally {
    session.atEnd.delete(end);
  }
}

async function settle(desk: Desk, { params, request }: Call): Promise<Response> {
  const body = await desk.bodies.readObject(request);
  return Response.json({ lost: await settleAll(body, () => desk.queue(params.queue)) });
}

const isSent = (one: unknown): one is Sent => isMessageLike(one);
