import type { MessageHeaders } from "../async-queue.js";
import { type Carried, carriedIn } from "../carried.js";

/** The options of a put or a publish with what is to go along, where messages have headers; a caller's own ones stay. */
export function withCarried<O extends { headers?: MessageHeaders }>(
  options: O,
  headers: Carried,
  capabilities: ReadonlySet<string>,
): O {
  const carried = capabilities.has("headers") ? carriedIn(headers) : undefined;
  return carried ? { ...options, headers: { ...carried, ...options.headers } } : options;
}
