import { randomBytes } from "node:crypto";
import { NotFoundError, TimeoutError } from "../errors.js";
import type { Desk } from "./desk.js";
import { Problem } from "./problem.js";
import { queryNumber } from "./query-number.js";
import type { Call, Route, Schema } from "./route.js";
import { acquireServedLock, type ServedHold } from "./shared-objects.js";
import { whenUnheard } from "./when-unheard.js";

const MOST_WAIT_MS = 60_000;
const MOST_LEASE_MS = 3_600_000;
const MOST_HOLDS = 10_000;
const count: Schema = { type: "integer", minimum: 0 };

interface Held {
  readonly hold: ServedHold;
  readonly lock: string;
  readonly lease: number;
  timer: NodeJS.Timeout;
}

/** Locks in shared memory, which the gateway holds for a client as long as its lease. */
export function lockRoutes(desk: Desk): Route[] {
  const held = new Map<string, Held>();
  const release = (receipt: string, lock?: string): boolean => {
    const one = held.get(receipt);
    if (one === undefined || (lock !== undefined && one.lock !== lock)) return false;
    held.delete(receipt);
    clearTimeout(one.timer);
    one.hold.release();
    return true;
  };
  desk.atClose(() => {
    for (const receipt of [...held.keys()]) release(receipt);
  });
  const timer = (receipt: string, lease: number): NodeJS.Timeout => setTimeout(() => release(receipt), lease).unref();
  const waitAndLease = {
    wait: { ...count, maximum: MOST_WAIT_MS, description: "Milliseconds to wait for it; default 0." },
    lease: { ...count, maximum: MOST_LEASE_MS, description: "Milliseconds until it is released by itself." },
  };
  const path = "/locks/{lock}";
  const lost = { 404: "There is no hold of that receipt any more." };
  return [
    {
      method: "POST",
      path,
      name: "acquire",
      says: "Takes the lock, or makes it. When it is held for as long as `wait` the answer is 409.",
      rights: ["write"],
      query: waitAndLease,
      answers: {
        200: {
          says: "It is held, until it is released or the lease is over.",
          json: {
            type: "object",
            additionalProperties: false,
            required: ["receipt", "abandoned"],
            properties: { receipt: { type: "string" }, abandoned: { type: "boolean" } },
          },
        },
      },
      refuses: { 409: "Somebody else holds it." },
      async handle({ params, query, signal, request }) {
        const wait = queryNumber(query, "wait", MOST_WAIT_MS, 0);
        const lease = queryNumber(query, "lease", MOST_LEASE_MS, desk.lease);
        if (held.size >= MOST_HOLDS)
          throw new Problem(429, `the gateway holds ${MOST_HOLDS} locks`, { headers: { "retry-after": "1" } });
        const hold = await acquireServedLock(params.lock, wait, signal).catch((error) => {
          if (!(error instanceof TimeoutError)) throw error;
          throw new Problem(409, `lock ${params.lock} is held by somebody else`, {
            code: error.code,
            headers: { "retry-after": "1" },
          });
        });
        const receipt = randomBytes(16).toString("base64url");
        held.set(receipt, { hold, lock: params.lock, lease, timer: timer(receipt, lease) });
        // who does not hear that it has it has it not
        if (signal.aborted) release(receipt);
        else whenUnheard(request, () => release(receipt));
        return Response.json({ receipt, abandoned: hold.abandoned });
      },
    },
    {
      method: "POST",
      path: `${path}/holds/{receipt}/renew`,
      name: "renewHold",
      says: "Begins the lease of a hold anew.",
      rights: ["write"],
      query: { lease: waitAndLease.lease },
      answers: { 204: { says: "It is renewed." } },
      refuses: lost,
      async handle({ params, query }: Call) {
        const one = held.get(params.receipt);
        if (one?.lock !== params.lock) throw unknown();
        clearTimeout(one.timer);
        one.timer = timer(params.receipt, queryNumber(query, "lease", MOST_LEASE_MS, one.lease));
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "DELETE",
      path: `${path}/holds/{receipt}`,
      name: "release",
      says: "Releases the lock.",
      rights: ["write"],
      answers: { 204: { says: "It is released." } },
      refuses: lost,
      async handle({ params }) {
        if (!release(params.receipt, params.lock)) throw unknown();
        return new Response(null, { status: 204 });
      },
    },
  ];
}

const unknown = (): Problem =>
  new Problem(404, "there is no hold of that receipt: it was released, or its lease is over", {
    code: new NotFoundError("").code,
  });
