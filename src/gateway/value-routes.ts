import { createHash } from "node:crypto";
import type { Desk } from "./desk.js";
import { Problem } from "./problem.js";
import type { Call, Route, Schema } from "./route.js";
import { openServedValue, type Plain, type ServedValue } from "./shared-objects.js";

const plain: Schema = { type: ["number", "string", "boolean"] };
const etag = { ETag: { type: "string" } } as const;
const ifMatch: Schema = { type: "string", description: "The ETag of the value that is to be replaced, or `*`." };
const state: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["kind", "value"],
  properties: { kind: { type: "string" }, value: plain },
};
const MOST_ATTEMPTS = 100;

/** Numbers in shared memory. The ETag tells the value, so that If-Match is the machine's compare-and-exchange. */
export function valueRoutes(desk: Desk): Route[] {
  const path = "/values/{value}";
  const missing = { 404: "There is no such value." };
  const answers = { 200: { says: "The value now.", json: state, headers: etag } };
  const open = (name: string, kind?: string): Promise<ServedValue> =>
    desk.values.get(name, () => openServedValue(name, kind));
  return [
    {
      method: "GET",
      path,
      name: "getValue",
      says: "The value, as JSON. Integers of 64 bits are strings of digits. With If-None-Match it may be 304.",
      rights: ["read"],
      headers: { "If-None-Match": { type: "string" } },
      answers: { ...answers, 304: { says: "It is still the same.", headers: etag } },
      refuses: missing,
      async handle({ params, request }) {
        const value = await open(params.value);
        if (request.headers.get("if-none-match") === etagOf(value.value, value.kind))
          return new Response(null, { status: 304, headers: { etag: etagOf(value.value, value.kind) } });
        return shown(value, value.value);
      },
    },
    {
      method: "PUT",
      path,
      name: "setValue",
      says:
        "Sets the value; with If-Match only when it still is the one of that ETag, else 412. With a kind it is made when it " +
        "is not there, which needs the right to admin.",
      rights: ["write"],
      headers: { "If-Match": ifMatch },
      body: {
        type: "object",
        additionalProperties: false,
        required: ["value"],
        properties: { value: plain, kind: { type: "string" } },
      },
      answers,
      refuses: { ...missing, 409: "It is of another kind.", 412: "It is not the one of If-Match any more." },
      async handle(call) {
        const { value: wanted, kind } = await desk.bodies.readObject(call.request);
        if (kind !== undefined && typeof kind !== "string") throw new Problem(422, "kind is no string");
        if (kind !== undefined && !call.visitor.may("admin", `values/${call.params.value}`))
          throw new Problem(403, "the token may not make this value (admin)");
        const value = await open(call.params.value, kind);
        const next = plainIn(wanted, "value");
        return change(
          call,
          value,
          () => next,
          (expected) => value.replace(expected, next),
          () => value.set(next),
        );
      },
    },
    {
      method: "POST",
      path,
      name: "addToValue",
      says: "Adds to the value, atomically; gives the new one.",
      rights: ["write"],
      body: {
        type: "object",
        additionalProperties: false,
        required: ["add"],
        properties: { add: { type: ["number", "string"] } },
      },
      answers,
      refuses: missing,
      async handle({ request, params }) {
        const { add } = await desk.bodies.readObject(request);
        const value = await open(params.value);
        return shown(value, value.add(plainIn(add, "add")));
      },
    },
  ];
}

/** Sets, or replaces what the client has seen. @throws Problem 412 */
function change(
  { request }: Call,
  value: ServedValue,
  next: () => Plain,
  replace: (expected: Plain) => boolean,
  set: () => void,
): Response {
  const seen = request.headers.get("if-match");
  if (seen === null || seen === "*") {
    set();
    return shown(value, value.stored(next()));
  }
  // it may change between the look and the exchange, and back
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const now = value.value;
    if (etagOf(now, value.kind) !== seen) break;
    if (replace(now)) return shown(value, value.stored(next()));
  }
  throw new Problem(412, `the value is another one by now: ${JSON.stringify(value.value)}`, {
    headers: { etag: etagOf(value.value, value.kind) },
  });
}

const shown = ({ kind }: ServedValue, value: Plain): Response =>
  Response.json({ kind, value }, { headers: { etag: etagOf(value, kind) } });

const etagOf = (value: Plain, kind: string): string =>
  `"${createHash("sha256").update(`${kind} ${value}`).digest("base64url").slice(0, 22)}"`;

function plainIn(value: unknown, what: string): Plain {
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  throw new Problem(422, `${what} is ${JSON.stringify(value)}; allowed: a number, a string of digits, true or false`);
}
