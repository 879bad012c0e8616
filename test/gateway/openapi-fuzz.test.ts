import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { gateway } from "interproc";
import { Described, type Operation, type Parameter, type Schema } from "./described.js";
import { EventStream } from "./event-stream.js";

const numRuns = process.env.INTERPROC_TEST === "fast" ? 400 : 3000;
/** Objects of few names, so that requests meet. */
const names = ["fuzz-a", "fuzz-b", "fuzz-c"];
/** A real wait would only take time. */
const WAIT = fc.integer({ min: 0, max: 3 });
const api = { echo: (...args: unknown[]) => args, nothing: () => undefined, items: () => [1, 2].values() };

/** What fits a schema, as the gateway's are. */
function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const {
    type,
    minimum = 0,
    maximum = 100_000,
    properties = {},
    required = [],
  } = schema as {
    type?: string | string[];
    minimum?: number;
    maximum?: number;
    properties?: Record<string, Schema>;
    required?: string[];
  };
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => fitting({ ...schema, type: one })));
  switch (type) {
    case "integer":
      return fc.integer({ min: minimum, max: maximum });
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "string":
      return schema.contentEncoding === "base64"
        ? fc.base64String({ maxLength: 40 })
        : fc.oneof(fc.constantFrom("", "a.b", "#", "application/json", "text/plain", "i32", "f64", "7"), fc.string());
    case "array":
      return fc.array(schema.items ? fitting(schema.items as Schema) : fc.jsonValue(), { maxLength: 4 });
    case "object": {
      const fields = Object.entries(properties).map(([name, one]) => [name, fitting(one)] as const);
      const known = fc.record(Object.fromEntries(fields), { requiredKeys: required });
      return schema.additionalProperties === undefined || schema.additionalProperties === false
        ? known
        : fc.dictionary(fc.string({ maxLength: 9 }), fitting(schema.additionalProperties as Schema), { maxKeys: 3 });
    }
    default:
      return fc.jsonValue();
  }
}

/** Mostly what fits, and what does not. */
const near = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 3, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue() });

/** The fields of an object each by itself, so that one wrong field comes among right ones. */
function bodyFor(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.type !== "object") return near(schema);
  const { properties = {}, required = [] } = schema as { properties?: Record<string, Schema>; required?: string[] };
  const fields = Object.entries(properties).map(([name, one]) => {
    const items = one.items as Schema | undefined;
    return [
      name,
      items?.type === "object" ? fc.oneof(fc.array(bodyFor(items), { maxLength: 3 }), near(one)) : near(one),
    ];
  });
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(Object.fromEntries(fields) as object, { requiredKeys: required as never[] }) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}

function parameterFor(
  { name, in: place, schema }: Parameter,
  real: () => readonly string[],
): fc.Arbitrary<string | undefined> {
  if (name === "wait") return fc.option(WAIT.map(String), { nil: undefined });
  if (place === "path") {
    const text = fc.oneof(
      fc.string({ minLength: 1, maxLength: 20 }),
      fc.constantFrom("..", "%", "é", "a/b", "x".repeat(129)),
    );
    const known = fc.nat().map((n) => real()[n % real().length] ?? "none");
    return fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: text });
  }
  const text = fc.oneof(
    { weight: 4, arbitrary: fitting(schema).map(String) },
    { weight: 1, arbitrary: fc.string() },
    { weight: name === "session" ? 9 : 0, arbitrary: fc.constant("session") },
  );
  const usable = place === "header" ? text.filter((one) => /^[\x20-\x7e]*$/.test(one)) : text;
  // most are left out: one that is not allowed hides the rest
  const isNeeded = name === "session";
  return fc.oneof({ weight: isNeeded ? 0 : 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: usable });
}

describe("/openapi.json, as a fuzzer reads it", () => {
  test("whatever is sent to whatever operation is answered as described, and never by an error of the gateway's own", {
    timeout: 300_000,
  }, async () => {
    await using answer = gateway({ api, maxBody: 50_000 });
    const described = await Described.of(answer);
    const events = new EventStream((await described.ask("openSession")).response);
    const { session } = (await events.next()).data as { session: string };
    const receipts = ["none"];
    const subscriptions = ["none"];
    const real: Readonly<Record<string, readonly string[]>> = {
      ...{ queue: names, topic: names.map((one) => `t${one}`), value: names.map((one) => `v${one}`) },
      ...{ lock: names.map((one) => `l${one}`), method: ["echo", "nothing", "items", "constructor"] },
      ...{ receipt: receipts, subscription: subscriptions, session: [session], call: ["c1"] },
    };
    const request = (operation: Operation) => {
      const parameters = operation.parameters.map(
        (one) => [`${one.in} ${one.name}`, parameterFor(one, () => real[one.name] ?? names)] as const,
      );
      const content = operation.body?.["application/json"];
      const types = ["application/json", "text/plain", "application/octet-stream", "application/vnd.interproc", "x/y"];
      return fc.record({
        operation: fc.constant(operation),
        given: fc.record(Object.fromEntries(parameters)),
        json: content ? fc.option(content.schema ? bodyFor(content.schema) : fc.jsonValue()) : fc.constant(null),
        raw: content
          ? fc.option(fc.tuple(fc.string({ maxLength: 50 }), fc.constantFrom(...types)), { freq: 8 })
          : fc.constant(null),
      });
    };
    const isLast = ({ name }: Operation): boolean => name === "openSession";
    const all = described.operations.filter((one) => !isLast(one)).map(request);
    const counts = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(...all), async ({ operation, given, json, raw }) => {
        const at = (place: string) =>
          Object.fromEntries(
            Object.entries(given).flatMap(([key, value]) =>
              key.startsWith(`${place} `) && value !== undefined
                ? [[key.slice(place.length + 1), value === "session" ? session : String(value)]]
                : [],
            ),
          );
        const sending = { path: at("path"), query: at("query"), headers: at("header") };
        const body = raw ? { text: raw[0], type: raw[1] } : json === null ? {} : { json };
        const { status, headers, response, body: got } = await described.send(operation, { ...sending, ...body });
        counts.set(status, (counts.get(status) ?? 0) + 1);
        assert.ok(status < 500, `${operation.name}: ${status} ${JSON.stringify(got)}`);
        const schema = operation.body?.["application/json"]?.schema;
        const isWrong =
          !raw && json !== null && schema && described.complaint(schema, JSON.parse(JSON.stringify(json)));
        if (isWrong) assert.ok(status >= 400, `${operation.name} took ${isWrong}`);
        const receipt = headers.get("interproc-receipt") ?? (got as { receipt?: string } | undefined)?.receipt;
        if (receipt) receipts.push(receipt);
        const { subscription } = (got ?? {}) as { subscription?: string };
        if (subscription) subscriptions.push(subscription);
        if (!response.bodyUsed) await response.body?.cancel();
      }),
      { numRuns },
    );
    for (const status of [200, 201, 204, 400, 404, 422]) assert.ok(counts.has(status), `${status} never came`);
    await events.close();
  });
});
