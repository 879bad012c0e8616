import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Gateway } from "interproc";

export type Schema = Readonly<Record<string, unknown>>;
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: Schema;
}
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Content | undefined;
  readonly responses: Readonly<
    Record<string, { readonly content?: Content; readonly headers?: Readonly<Record<string, unknown>> }>
  >;
}
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: { readonly Problem: Schema } };
}

/** What is sent with a request: `json`, or `text` as `type`. */
export interface Sending {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly type?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly response: Response;
}

/** A gateway by its own description: asks for operations by their names, and holds every answer against what is described. */
export class Described {
  /** Each operation with each status that it has answered: `put 201`. */
  readonly seen = new Set<string>();
  readonly operations: readonly Operation[];
  private readonly ajv = new Ajv2020({ allowUnionTypes: true });
  private readonly known = new Map<Schema, ValidateFunction>();

  private constructor(
    private readonly answer: Gateway,
    private readonly description: Description,
  ) {
    assert.equal(description.openapi, "3.1.0");
    this.operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const { operationId, requestBody, ...rest } = operation as {
          operationId: string;
          requestBody?: { content: Content };
        };
        return {
          ...(rest as Operation),
          name: operationId,
          method: method.toUpperCase(),
          path,
          body: requestBody?.content,
        };
      }),
    );
  }

  static async of(answer: Gateway): Promise<Described> {
    const request = new Request("http://localhost/openapi.json", { headers: { host: "localhost" } });
    return new Described(answer, (await (await answer(request)).json()) as Description);
  }

  /** Every status that is described by itself, as `seen` has them. */
  get documented(): string[] {
    return this.operations.flatMap(({ name, responses }) =>
      Object.keys(responses).flatMap((status) => (status === "default" ? [] : [`${name} ${status}`])),
    );
  }

  /** What is wrong with a value by a schema; undefined when nothing is. */
  complaint(schema: Schema, value: unknown): string | undefined {
    const validate = this.known.get(schema) ?? this.ajv.compile(schema);
    this.known.set(schema, validate);
    return validate(value) ? undefined : `${JSON.stringify(value)}: ${this.ajv.errorsText(validate.errors)}`;
  }

  /** Asks as the description says; what is sent as `json` must be what it says. */
  async ask(name: string, sending: Sending = {}): Promise<Answered> {
    const operation = this.operations.find((one) => one.name === name) ?? assert.fail(`there is no operation ${name}`);
    const { path = {}, query = {}, headers = {}, json } = sending;
    for (const given of [...Object.keys(path), ...Object.keys(query), ...Object.keys(headers)])
      assert.ok(
        given === "accept" || operation.parameters.some((one) => one.name === given),
        `${name}: the parameter ${given} is not described`,
      );
    if (json !== undefined) {
      const content = operation.body?.["application/json"] ?? assert.fail(`${name}: a body is not described`);
      if (content.schema) assert.equal(this.complaint(content.schema, json), undefined, name);
    }
    return this.send(operation, sending);
  }

  /** Asks with whatever is given; the answer must be as described all the same. */
  async send(
    operation: Operation,
    { path = {}, query = {}, headers = {}, json, text, type }: Sending,
  ): Promise<Answered> {
    const { name, method, responses } = operation;
    const url = new URL(
      `http://localhost${operation.path.replace(/\{(\w+)\}/g, (_, one) => encodeURIComponent(path[one] ?? ""))}`,
    );
    for (const [one, value] of Object.entries(query)) url.searchParams.set(one, String(value));
    const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
    const sent = new Headers({ host: "localhost", ...headers });
    if (body !== undefined) sent.set("content-type", type ?? "application/json");
    const response = await this.answer(
      new Request(url, { method, headers: sent, ...(body !== undefined && method !== "GET" && { body }) }),
    );
    const { status } = response;
    const contentType = response.headers.get("content-type");
    this.seen.add(`${name} ${status}`);
    const described = responses[status] ?? {
      content: { "application/problem+json": { schema: this.description.components.schemas.Problem } },
    };
    if (described.content === undefined) {
      assert.equal(await response.text(), "", `${name}: ${status} has a body`);
      return { status, headers: response.headers, body: undefined, response };
    }
    for (const header of Object.keys(described.headers ?? {}))
      if (header === "ETag") assert.ok(response.headers.has(header), `${name}: ${status} has no ${header}`);
    const content = described.content[contentType ?? ""] ?? assert.fail(`${name}: ${status} is ${contentType}`);
    if (!contentType?.endsWith("json")) return { status, headers: response.headers, body: undefined, response };
    const value: unknown = await response.json();
    const schema =
      contentType === "application/problem+json" ? this.description.components.schemas.Problem : content.schema;
    if (schema) assert.equal(this.complaint(schema, value), undefined, `${name} ${status}`);
    return { status, headers: response.headers, body: value, response };
  }
}
