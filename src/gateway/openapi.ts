import type { Answer, Route, Schema } from "./route.js";

const problem: Schema = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string", description: "The error's code, as docs/errors.md has it." },
  },
};
/** Of what the gateway offers, not of the package. */
const VERSION = "1.0";
const values = ["application/json", "application/octet-stream", "text/plain", "application/vnd.interproc"];
const errors = { $ref: "#/components/responses/Problem" };
const refusal = (description: string): Schema => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

/** The description of a gateway by OpenAPI 3.1, made from the routes that answer. */
export function openapi(routes: readonly Route[], prefix: string): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) {
    const path = `${prefix}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "interproc gateway", version: VERSION },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Problem: problem },
      responses: {
        Problem: {
          description: "Why it was not done.",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
    security: [{ token: [] }, {}],
  };
}

function operationOf({ name, says, path, query = {}, headers = {}, body, answers, refuses, rights }: Route): Schema {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, one]) => ({
    ...{ name: one, in: "path", required: true },
    schema: { type: "string" },
  }));
  const rest = (place: string, list: Readonly<Record<string, Schema>>) =>
    Object.entries(list).map(([one, schema]) => ({ name: one, in: place, schema }));
  return {
    operationId: name,
    summary: says,
    ...(rights.length > 0 && { description: `Needs the right to ${rights.join(" or ")}.` }),
    parameters: [...inPath, ...rest("query", query), ...rest("header", headers)],
    ...(body !== undefined && { requestBody: { content: body === "value" ? anyValue() : jsonOf(body) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      ...Object.fromEntries(Object.entries(refuses ?? {}).map(([status, why]) => [status, refusal(why)])),
      default: errors,
    },
  };
}

function responseOf({ says, json, isValue, type, isStream, headers }: Answer): Schema {
  if (type !== undefined) return { description: says, content: { [type]: {} } };
  const stream = isStream && { "text/event-stream": {} };
  const content = json ? jsonOf(json) : isValue ? { ...anyValue(), ...stream } : stream || undefined;
  return {
    description: says,
    ...(headers && { headers: Object.fromEntries(Object.entries(headers).map(([one, schema]) => [one, { schema }])) }),
    ...(content && { content }),
  };
}

const jsonOf = (schema: Schema): Schema => ({ "application/json": { schema } });
const anyValue = (): Schema => Object.fromEntries(values.map((type) => [type, {}]));
