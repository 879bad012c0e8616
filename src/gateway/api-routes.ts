import { UsageError } from "../errors.js";
import { exposedMethod, type Method } from "../rpc/exposed-method.js";
import { describeFailure } from "../rpc/remote-failure.js";
import type { Desk } from "./desk.js";
import { Problem } from "./problem.js";
import type { Call, Route } from "./route.js";
import { sequenceEvents } from "./sequence-events.js";

/** Typed calls: the methods of an object that the gateway was given. */
export function apiRoutes(desk: Desk, api: object): Route[] {
  return [
    {
      method: "POST",
      path: "/api/{method}",
      name: "callMethod",
      says:
        "Calls a method with the body's array of arguments; without a body there are none. A sequence is answered as " +
        "Server-Sent Events: an `item` with its value each, then `end` or, with a problem, `error`.",
      rights: ["write"],
      body: { type: "array" },
      answers: {
        200: {
          says: "What it returned: bytes as they are, all else as JSON, or as JSON cannot carry it.",
          isValue: true,
          isStream: true,
        },
        204: { says: "It returned nothing." },
      },
      refuses: {
        404: "There is no such method.",
        406: "It returned what the client does not accept.",
        500: "It threw: `detail` says what.",
      },
      handle: (call) => callMethod(desk, api, call),
    },
  ];
}

async function callMethod(desk: Desk, api: object, { request, params, signal }: Call): Promise<Response> {
  const method = methodOf(api, params.method);
  const args = await desk.bodies.readArray(request);
  let value: unknown;
  try {
    value = await Reflect.apply(method.call, method.object, args);
  } catch (error) {
    throw thrown(error);
  }
  if (value === undefined) return new Response(null, { status: 204 });
  if (isSequence(value)) {
    const leave = desk.streams.take();
    const events = sequenceEvents(
      value,
      (item) => desk.bodies.encodeFor(item, "application/json"),
      thrown,
      signal,
      leave,
    );
    return new Response(events, { headers: { "content-type": "text/event-stream" } });
  }
  const { bytes, contentType } = desk.bodies.encodeFor(value, request.headers.get("accept"));
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "content-type": contentType } });
}

/** @throws Problem 404 */
function methodOf(api: object, name: string): Method {
  try {
    return exposedMethod(api, name.split("."));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new Problem(404, error.message, { code: "ERR_INTERPROC_NOT_FOUND" });
  }
}

function thrown(error: unknown): Problem {
  const { name, message } = describeFailure(error);
  return new Problem(500, `${name}: ${message}`, { code: "ERR_INTERPROC_REMOTE" });
}

function isSequence(value: unknown): value is AsyncIterable<unknown> | Iterator<unknown> {
  if (typeof value !== "object" || value === null) return false;
  if (Symbol.asyncIterator in value) return true;
  // a generator, and not an Array or a Map
  return Symbol.iterator in value && typeof (value as { next?: unknown }).next === "function";
}
