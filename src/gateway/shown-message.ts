import type { AsyncTopicMessage } from "../async-topic.js";
import { isJson } from "./is-json.js";

/** A topic's message as JSON: key, and value or, for bytes, base64, or why neither; and how many were missed by now. */
export function shownMessage(message: AsyncTopicMessage<unknown>, missed: number): string {
  return JSON.stringify({ key: message.key, ...shown(message), missed });
}

function shown(message: { readonly value: unknown }): { value: unknown } | { base64: string } | { error: string } {
  let value: unknown;
  try {
    ({ value } = message);
  } catch (error) {
    return { error: (error as Error).message };
  }
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  return isJson(value) ? { value } : { error: "JSON cannot carry the value" };
}
