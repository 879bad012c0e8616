import type { AsyncMessage } from "../async-queue.js";
import { NotFoundError, TimeoutError } from "../errors.js";
import type { Desk } from "./desk.js";
import type { QueueMaking } from "./desk-queue.js";
import { Problem } from "./problem.js";
import { queryNumber } from "./query-number.js";
import type { Call, Route, Schema } from "./route.js";
import { whenUnheard } from "./when-unheard.js";

export const MOST_WAIT_MS = 60_000;
const MOST_LEASE_MS = 3_600_000;

const count: Schema = { type: "integer", minimum: 0 };
const wait: Schema = { ...count, maximum: MOST_WAIT_MS, description: "Milliseconds to wait for it; default 0." };
const lease: Schema = { ...count, maximum: MOST_LEASE_MS, description: "Milliseconds until it goes back." };
const whole: Schema = { type: "integer", minimum: 1 };
const makingFields = ["maxItems", "capacity", "priorities", "maxDeliveries", "deadLetter", "mustExist"] as const;

/** What any HTTP client may do with a queue. */
export function queueRoutes(desk: Desk): Route[] {
  const { bodies } = desk;
  const path = "/queues/{queue}";
  const settled = { 204: { says: "It is settled." } };
  const missing = { 404: "There is no such queue." };
  const unknown = { 404: "There is no message of that receipt any more." };
  return [
    {
      method: "PUT",
      path,
      name: "openQueue",
      says: "Opens a queue, or makes it. A body that asks for something needs the right to admin.",
      rights: ["read", "write", "admin"],
      body: {
        type: "object",
        additionalProperties: false,
        properties: {
          maxItems: whole,
          capacity: whole,
          priorities: { type: "integer", minimum: 2, maximum: 10 },
          maxDeliveries: { type: "integer", minimum: 1, maximum: 65_535 },
          deadLetter: { type: "string" },
          mustExist: { type: "boolean" },
        },
      },
      answers: { 200: { says: "It is open.", json: stateSchema(["capabilities"]) } },
      refuses: { 404: "It is not there, and must be.", 409: "It was made in another way." },
      async handle(call) {
        const making = makingOf(await bodies.readObject(call.request));
        const { visitor, params } = call;
        const isPlain = Object.keys(making).every((name) => name === "mustExist");
        if (!isPlain && !visitor.may("admin", `queues/${params.queue}`))
          throw new Problem(403, "the token may not make this queue in a way of its own (admin)");
        const { queue } = await desk.queue(params.queue, making);
        return Response.json({ capabilities: [...queue.capabilities] });
      },
    },
    {
      method: "GET",
      path: `${path}/state`,
      name: "queueState",
      says: "How many messages are ready and how many are taken and not settled, where the queue can tell.",
      rights: ["read", "write", "admin"],
      answers: { 200: { says: "Its state.", json: stateSchema(["capabilities", "size", "unacked"]) } },
      refuses: missing,
      async handle({ params }) {
        const { queue } = await desk.queue(params.queue, { mustExist: true });
        const has = queue.capabilities;
        return Response.json({
          capabilities: [...has],
          size: has.has("size") ? await queue.size() : null,
          unacked: has.has("unacked") ? await queue.unacked() : null,
        });
      },
    },
    {
      method: "POST",
      path,
      name: "put",
      says: "Puts a message: the body. When the queue is full for as long as `wait` the answer is 429.",
      rights: ["write"],
      query: {
        wait,
        priority: { type: "integer", minimum: 0, maximum: 9 },
        delay: { ...count, description: "Milliseconds during which nobody gets it." },
        ttl: { ...count, description: "Milliseconds after which nobody gets it any more." },
        id: { type: "string", description: "The message's own name." },
      },
      headers: { "Idempotency-Key": { type: "string", description: "Who repeats it within ten minutes puts once." } },
      body: "value",
      answers: { 201: { says: "It was put, and the queue has confirmed it." } },
      refuses: {
        410: "The queue is shut down.",
        415: "The body is of a type that is not known.",
        422: "The body is not what its type says, or the Idempotency-Key came with another one.",
        429: "The queue is full.",
      },
      async handle(call) {
        const { value, bytes } = await bodies.readValue(call.request);
        const { query, params, visitor } = call;
        const patience = queryNumber(query, "wait", MOST_WAIT_MS, 0);
        const options = {
          ...numbers(query, ["priority", "delay", "ttl"]),
          ...(query.has("id") && { id: query.get("id") ?? "" }),
        };
        const key = call.request.headers.get("idempotency-key");
        const scope = `${visitor.id} ${params.queue} ${query}`;
        return desk.puts
          .once(key, scope, bytes, async () => {
            const served = await desk.queue(params.queue);
            const done = await served.put([{ value, options }], patience, call.signal);
            if (done === 0)
              throw new Problem(429, `queue ${served.queue.url} is full`, {
                code: new TimeoutError("").code,
                headers: { "retry-after": "1" },
              });
          })
          .then(() => new Response(null, { status: 201 }));
      },
    },
    {
      method: "GET",
      path,
      name: "take",
      says:
        "Takes the next message: it belongs to this client until it is settled by its receipt or its lease is over. With " +
        "`ack=auto` it is acknowledged before it is sent: at most once.",
      rights: ["read"],
      query: { wait, lease, ack: { type: "string", enum: ["auto", "later"] } },
      answers: {
        200: {
          says: "The message: bytes as they are, all else as JSON, or as application/vnd.interproc where JSON cannot carry it.",
          isValue: true,
          headers: {
            "Interproc-Receipt": { type: "string" },
            "Interproc-Redelivered": { type: "string", enum: ["true", "false"] },
            "Interproc-Deliveries": { type: "string" },
            "Interproc-Id": { type: "string" },
          },
        },
        204: { says: "There is none." },
      },
      refuses: {
        406: "The message cannot be sent as the client accepts it, and stays.",
        410: "The queue is shut down, and nothing more will come.",
      },
      handle: (call) => takeOne(desk, call),
    },
    {
      method: "DELETE",
      path,
      name: "deleteQueue",
      says: "Removes the queue with all that is in it.",
      rights: ["admin"],
      answers: { 204: { says: "It is gone." } },
      refuses: missing,
      async handle({ params }) {
        await desk.deleteQueue(params.queue);
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "POST",
      path: `${path}/purge`,
      name: "purge",
      says: "Drops what is ready.",
      rights: ["admin"],
      answers: { 200: { says: "How many messages that were.", json: objectOf({ purged: count }) } },
      refuses: missing,
      async handle({ params }) {
        const { queue } = await desk.queue(params.queue, { mustExist: true });
        return Response.json({ purged: await queue.purge() });
      },
    },
    {
      method: "POST",
      path: `${path}/shutdown`,
      name: "shutdown",
      says: "From now on nothing is put; what is there is still taken or, with `immediate=true`, dropped.",
      rights: ["admin"],
      query: { immediate: { type: "string", enum: ["true", "false"] } },
      answers: { 204: { says: "It is shut down." } },
      refuses: missing,
      async handle({ params, query }) {
        const { queue } = await desk.queue(params.queue, { mustExist: true });
        await queue.shutdown({ immediate: query.get("immediate") === "true" });
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "POST",
      path: `${path}/taken/{receipt}/ack`,
      name: "ack",
      says: "Acknowledges a message that was taken.",
      rights: ["read"],
      answers: settled,
      refuses: unknown,
      handle: (call) => settle(desk, call, "ack"),
    },
    {
      method: "POST",
      path: `${path}/taken/{receipt}/nack`,
      name: "nack",
      says: "Gives a message back or, with `requeue=false`, to the dead letters.",
      rights: ["read"],
      query: { requeue: { type: "string", enum: ["true", "false"] } },
      answers: settled,
      refuses: unknown,
      handle: (call) => settle(desk, call, call.query.get("requeue") === "false" ? "reject" : "requeue"),
    },
    {
      method: "POST",
      path: `${path}/taken/{receipt}/renew`,
      name: "renew",
      says: "Begins the lease of a message anew.",
      rights: ["read"],
      query: { lease },
      answers: { 204: { says: "It is renewed." } },
      refuses: unknown,
      async handle(call) {
        const { held } = await desk.queue(call.params.queue);
        const most = queryNumber(call.query, "lease", MOST_LEASE_MS, undefined);
        if (!held.renew(call.params.receipt, most)) throw unknownReceipt();
        return new Response(null, { status: 204 });
      },
    },
  ];
}

async function takeOne(desk: Desk, { params, query, request, signal }: Call): Promise<Response> {
  const served = await desk.queue(params.queue);
  const patience = queryNumber(query, "wait", MOST_WAIT_MS, 0);
  const leaseMs = queryNumber(query, "lease", MOST_LEASE_MS, desk.lease);
  const [message] = await served.take(1, patience, signal);
  if (message === undefined) return new Response(null, { status: 204 });
  try {
    const body = bodyOf(desk, message, request.headers.get("accept"));
    signal.throwIfAborted();
    const headers = new Headers({
      "content-type": body.contentType,
      "interproc-redelivered": String(message.redelivered),
      "interproc-deliveries": String(message.deliveries),
    });
    if (message.id !== undefined) headers.set("interproc-id", encodeURIComponent(message.id));
    if (query.get("ack") === "auto") await message.ack();
    else {
      const receipt = served.held.hold(message, leaseMs);
      headers.set("interproc-receipt", receipt);
      whenUnheard(request, () => void served.held.settle(receipt, "requeue").catch(() => undefined));
    }
    return new Response(body.bytes as Uint8Array<ArrayBuffer>, { headers });
  } catch (error) {
    if (!message.settled) await message.nack();
    throw error;
  }
}

function bodyOf(desk: Desk, message: AsyncMessage<unknown>, accept: string | null) {
  let value: unknown;
  try {
    value = message.value;
  } catch (error) {
    if (message.bytes === undefined) throw error;
    // it is not what its sender said: whoever asked sees what came
    return { bytes: message.bytes, contentType: "application/octet-stream" };
  }
  return desk.bodies.encodeFor(value, accept);
}

async function settle(desk: Desk, { params }: Call, how: "ack" | "requeue" | "reject"): Promise<Response> {
  const { held } = await desk.queue(params.queue);
  if (!(await held.settle(params.receipt, how))) throw unknownReceipt();
  return new Response(null, { status: 204 });
}

const unknownReceipt = (): Problem =>
  new Problem(404, "there is no message of that receipt: it was settled, or its lease is over", {
    code: new NotFoundError("").code,
  });

/** @throws Problem 422 for a field that there is not */
function makingOf(body: Readonly<Record<string, unknown>>): QueueMaking {
  const unknown = Object.keys(body).find((name) => !(makingFields as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Problem(422, `the body has ${JSON.stringify(unknown)}; allowed: ${makingFields.join(", ")}`);
  if (body.deadLetter !== undefined && typeof body.deadLetter !== "string")
    throw new Problem(422, "deadLetter is no string");
  return body as QueueMaking;
}

function numbers(query: URLSearchParams, names: readonly string[]): Record<string, number> {
  const found = names.map((name) => [name, queryNumber(query, name, 2 ** 31 - 1, undefined)] as const);
  return Object.fromEntries(found.filter((pair): pair is [string, number] => pair[1] !== undefined));
}

const objectOf = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});

function stateSchema(names: readonly ("capabilities" | "size" | "unacked")[]): Schema {
  const known = {
    capabilities: { type: "array", items: { type: "string" } },
    size: { type: ["integer", "null"] },
    unacked: { type: ["integer", "null"] },
  };
  return objectOf(Object.fromEntries(names.map((name) => [name, known[name]])));
}
