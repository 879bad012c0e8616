import { randomUUID } from "node:crypto";
import type { MessageHeaders } from "../async-queue.js";
import type { Desk } from "./desk.js";
import { isMessageLike } from "./is-message-like.js";
import { messageBody } from "./message-body.js";
import { MOST_MESSAGES, MOST_WAIT_MS, messageSchemas as schemas } from "./message-schemas.js";
import { Problem } from "./problem.js";
import { queryNumber } from "./query-number.js";
import type { Call, Route } from "./route.js";
import { type HandedOut, ServedSubscription } from "./served-subscription.js";
import { settleAll } from "./settle-all.js";

/** A client that has not shown life for so long has lost what it had taken, even if its connection looks open. */
const SESSION_LEASE_MS = 60_000;
const unknown = { 410: "There is no such session or subscription any more." };

/** A message on the way in. */
interface Sent {
  readonly body: string;
  readonly contentType: string;
  readonly key?: string;
  readonly id?: string;
  readonly headers?: MessageHeaders;
}

/** What `openTopic("http://…")` does: subscriptions in the name of a session, from which it takes by asking. */
export function subscriptionRoutes(desk: Desk): Route[] {
  const path = "/topics/{topic}";
  const one = `${path}/subscriptions/{subscription}`;
  const { answerOf, count, text, wait, max, call } = schemas;
  const yesOrNo = { type: "string", enum: ["true", "false"] };
  return [
    {
      method: "PUT",
      path,
      name: "openTopic",
      says: "Opens a topic, or makes it.",
      rights: ["read", "write", "admin"],
      answers: { 200: { says: "It is open.", json: answerOf({ capabilities: { type: "array", items: text } }) } },
      async handle({ params }) {
        const { capabilities } = await desk.topic(params.topic);
        return Response.json({ capabilities: [...capabilities] });
      },
    },
    {
      method: "POST",
      path: `${path}/messages`,
      name: "publishMany",
      says: "Publishes messages in their order.",
      rights: ["write"],
      headers: { "Idempotency-Key": { type: "string" } },
      body: schemas.sent({ key: text }),
      answers: { 204: { says: "They are published." } },
      handle: (request) => publishMany(desk, request),
    },
    {
      method: "POST",
      path: `${path}/subscriptions`,
      name: "addSubscription",
      says:
        "Subscribes in the name of a session, with which it ends. Members of a group share its messages; a durable group also " +
        "keeps them while nobody is there.",
      rights: ["read"],
      query: { session: text, pattern: text, group: text, durable: yesOrNo },
      answers: {
        201: { says: "What is published from now on is kept for it.", json: answerOf({ subscription: text }) },
      },
      refuses: unknown,
      handle: (request) => subscribe(desk, request),
    },
    {
      method: "GET",
      path: `${one}/messages`,
      name: "nextMessages",
      says: "What was published since it was asked for the last time, waiting for the first.",
      rights: ["read"],
      query: { max, wait, call },
      answers: {
        200: {
          says: "The messages, those of durable groups with receipts; and how many were missed, as far as is known.",
          json: answerOf({
            messages: schemas.taken({ key: text, receipt: text, deliveries: count, redelivered: { type: "boolean" } }, [
              "key",
              "deliveries",
              "redelivered",
            ]),
            missed: count,
          }),
        },
      },
      refuses: unknown,
      handle: (request) => next(desk, request),
    },
    {
      method: "POST",
      path: `${one}/settle`,
      name: "settleMessages",
      says: "Settles messages of a durable group.",
      rights: ["read"],
      body: schemas.settling,
      answers: { 200: { says: "How many of them were not held any more.", json: answerOf({ lost: count }) } },
      refuses: unknown,
      async handle(request) {
        const body = await desk.bodies.readObject(request.request);
        return Response.json({ lost: await settleAll(body, async () => find(desk, request)) });
      },
    },
    {
      method: "DELETE",
      path: one,
      name: "endSubscription",
      says: "Ends a subscription; with `group=true`, which needs the right to admin, its group with all that it has gathered.",
      rights: ["read"],
      query: { group: yesOrNo },
      answers: { 204: { says: "It is ended." } },
      refuses: unknown,
      async handle(request) {
        const { params, query, visitor } = request;
        const found = find(desk, request);
        const withGroup = query.get("group") === "true";
        if (withGroup && !visitor.may("admin", `topics/${params.topic}`))
          throw new Problem(403, "the token may not end a group (admin)");
        await (withGroup ? found.unsubscribe() : found.close());
        return new Response(null, { status: 204 });
      },
    },
  ];
}

async function publishMany(desk: Desk, { request, params, visitor, signal }: Call): Promise<Response> {
  const bytes = await desk.bodies.read(request);
  const body = desk.bodies.decode({ bytes, contentType: "application/json" }) as { messages?: unknown } | null;
  const messages = body?.messages;
  if (!Array.isArray(messages) || messages.length > MOST_MESSAGES || !messages.every(isSent))
    throw new Problem(422, `the body is no list of up to ${MOST_MESSAGES} messages, as /openapi.json has them`);
  const key = request.headers.get("idempotency-key");
  await desk.puts.once(key, `${visitor.id} topics/${params.topic}`, bytes, async () => {
    const topic = await desk.topic(params.topic);
    const hasHeaders = topic.capabilities.has("headers");
    for (const { body, contentType, key = "", id, headers } of messages as Sent[])
      await topic.publish(desk.bodies.decode({ bytes: Buffer.from(body, "base64"), contentType }), {
        ...{ key, signal },
        ...(hasHeaders && id !== undefined && { id }),
        ...(hasHeaders && headers !== undefined && { headers }),
      });
  });
  return new Response(null, { status: 204 });
}

async function subscribe(desk: Desk, { params, query, visitor, signal }: Call): Promise<Response> {
  const session = desk.sessions.find(query.get("session") ?? "", visitor.id);
  const isDurable = query.get("durable") === "true";
  const group = query.get("group") ?? undefined;
  const leave = desk.streams.take();
  const id = randomUUID();
  try {
    const topic = await desk.topic(params.topic);
    // a member takes one at a time, and no more than it is asked for
    const options = { ...(group !== undefined && { group, durable: isDurable }), ...(isDurable && { prefetch: 1 }) };
    const subscription = await topic.subscribe(query.get("pattern") ?? "#", options);
    const end = (): void => void served.close().catch(() => undefined);
    const served = new ServedSubscription(
      params.topic,
      visitor.id,
      subscription,
      isDurable,
      session,
      SESSION_LEASE_MS,
      () => {
        session.atEnd.delete(end);
        desk.subscriptions.delete(id);
        leave();
      },
    );
    session.atEnd.add(end);
    desk.subscriptions.set(id, served);
    // it may have ended meanwhile
    if (signal.aborted || !desk.sessions.has(session.id)) end();
    return Response.json({ subscription: id }, { status: 201 });
  } catch (error) {
    leave();
    throw error;
  }
}

async function next(desk: Desk, call: Call): Promise<Response> {
  const { query, signal } = call;
  const found = find(desk, call);
  const wait = queryNumber(query, "wait", MOST_WAIT_MS, 0);
  const max = Math.max(1, queryNumber(query, "max", MOST_MESSAGES, 1));
  const taken = await desk.waiting(call, (given) => found.take(max, wait, given));
  if (signal.aborted) for (const { receipt } of taken) if (receipt) await found.held.settle(receipt, "requeue");
  return Response.json({ messages: taken.map((one) => shown(desk, one)), missed: found.missed });
}

function shown(desk: Desk, { message, receipt }: HandedOut): object {
  const { key, id, headers, deliveries, redelivered } = message;
  const { bytes, contentType } = messageBody(desk.bodies, message);
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  return { body, contentType, key, headers, deliveries, redelivered, ...(id && { id }), ...(receipt && { receipt }) };
}

/** @throws Problem 410 */
function find(desk: Desk, { params, visitor }: Call): ServedSubscription {
  const found = desk.subscriptions.get(params.subscription);
  if (found?.visitor !== visitor.id || found.topic !== params.topic)
    throw new Problem(410, "there is no such subscription; it has ended, or its session has", {
      code: "ERR_INTERPROC_ABANDONED",
    });
  return found;
}

function isSent(one: unknown): one is Sent {
  return isMessageLike(one) && typeof ((one as Partial<Sent>).key ?? "") === "string";
}
