import type { ExchangeOptions } from "./exchange-options.js";

/** A message as it is written to stdout: text and bytes as they are, anything else as JSON. */
export function outputBytes(message: unknown, { json, bytes }: Pick<ExchangeOptions, "json" | "bytes">): Uint8Array {
  if (json) return Buffer.from(`${jsonText(message)}\n`);
  const end = bytes ? "" : "\n";
  if (message instanceof Uint8Array) return Buffer.concat([message, Buffer.from(end)]);
  return Buffer.from((typeof message === "string" ? message : jsonText(message)) + end);
}

/** What JSON has no form for is text, a list or an object, so that no message is lost. */
export function jsonText(message: unknown): string {
  return JSON.stringify(message, replace) ?? "null";
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (isBufferJson(value)) return Buffer.from(value.data).toString("base64");
  return value;
}

/** A Buffer has turned itself into an object before it is asked for. */
function isBufferJson(value: unknown): value is { data: number[] } {
  const one = value as { type?: unknown; data?: unknown } | null;
  return typeof one === "object" && one !== null && one.type === "Buffer" && Array.isArray(one.data);
}
