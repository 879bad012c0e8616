import type { Schema } from "./route.js";

export const MOST_WAIT_MS = 60_000;
export const MOST_MESSAGES = 1000;

const text: Schema = { type: "string" };
const count: Schema = { type: "integer", minimum: 0 };
const headers: Schema = { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };
const body = { body: { type: "string", contentEncoding: "base64" }, contentType: text };

const answerOf = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...{ type: "object", additionalProperties: false, required: Object.keys(properties), properties },
});

/** Of what our own clients send and get. */
export const messageSchemas = {
  answerOf,
  count,
  text,
  wait: { ...count, maximum: MOST_WAIT_MS, description: "Milliseconds to wait; default 0." },
  max: { ...count, maximum: MOST_MESSAGES },
  /** By which a call that waits is given up. */
  call: { type: "string", maxLength: 64 },
  /** A list of messages on the way in, with what each may have besides. */
  sent: (also: Readonly<Record<string, Schema>>): Schema =>
    answerOf({
      messages: {
        type: "array",
        maxItems: MOST_MESSAGES,
        items: {
          type: "object",
          required: ["body", "contentType"],
          properties: { ...body, id: text, headers, ...also },
        },
      },
    }),
  /** A list of messages on the way out. */
  taken: (also: Readonly<Record<string, Schema>>, required: readonly string[]): Schema => ({
    type: "array",
    items: {
      type: "object",
      required: ["body", "contentType", "headers", ...required],
      properties: { ...body, id: text, headers, ...also },
    },
  }),
  settling: {
    ...answerOf({
      receipts: { type: "array", items: text, maxItems: 10_000 },
      how: { type: "string", enum: ["ack", "requeue", "reject"] },
    }),
  },
} as const;
