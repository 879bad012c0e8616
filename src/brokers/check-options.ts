import type { AsyncPutOptions, QueueCapability } from "../async-queue.js";
import { UsageError } from "../errors.js";
import type { QueueShape } from "./broker.js";

type Capabilities = ReadonlySet<QueueCapability>;

/** Which capability an option needs. */
const needs = {
  maxItems: "maxItems",
  priorities: "priorities",
  maxDeliveries: "maxDeliveries",
  deadLetter: "deadLetter",
  ttl: "ttl",
  delay: "delay",
} as const;

/** @throws UsageError for an option that this broker lacks, or whose value is not allowed */
export function checkOpen(options: QueueShape, capabilities: Capabilities, operation: string): void {
  for (const [name, needed] of Object.entries(needs) as [keyof typeof needs, QueueCapability][])
    if (options[name] !== undefined && !capabilities.has(needed))
      throw new UsageError(
        `${operation}: ${name} is ${String(options[name])}; this broker has no such thing; it can: ${[...capabilities].join(", ")}`,
      );
  whole(options.maxItems, 1, Number.MAX_SAFE_INTEGER, "maxItems", operation);
  whole(options.priorities, 2, 10, "priorities", operation);
  whole(options.maxDeliveries, 1, 65_535, "maxDeliveries", operation);
  whole(options.prefetch, 1, 10_000, "prefetch", operation);
  span(options.ttl, "ttl", operation);
  span(options.delay, "delay", operation);
  const { deadLetter } = options;
  if (deadLetter !== undefined && (typeof deadLetter !== "string" || deadLetter === ""))
    throw new UsageError(`${operation}: deadLetter is ${shown(deadLetter)}; allowed: the name of a queue`);
}

/** @throws UsageError */
export function checkPut(
  { priority, delay, ttl, id, headers }: AsyncPutOptions,
  options: QueueShape,
  capabilities: Capabilities,
  operation: string,
): void {
  if (priority !== undefined) {
    if (options.priorities === undefined)
      throw new UsageError(`${operation} with a priority; allowed: in a queue that was opened with priorities`);
    whole(priority, 0, options.priorities - 1, "priority", operation);
  }
  const given = { delay, ttl, headers, id };
  for (const [name, value] of Object.entries(given)) {
    const needed = name === "id" ? "headers" : (name as "delay" | "ttl" | "headers");
    if (value !== undefined && !capabilities.has(needed))
      throw new UsageError(`${operation} with ${name}; this broker cannot; it can: ${[...capabilities].join(", ")}`);
  }
  span(delay, "delay", operation);
  span(ttl, "ttl", operation);
  if (id !== undefined && (typeof id !== "string" || id === "" || Buffer.byteLength(id) > 255))
    throw new UsageError(`${operation}: id is ${JSON.stringify(id)}; allowed: a string of 1 to 255 bytes`);
  if (headers !== undefined && (typeof headers !== "object" || headers === null || Array.isArray(headers)))
    throw new UsageError(`${operation}: headers are ${shown(headers)}; allowed: an object`);
  for (const [name, value] of Object.entries(headers ?? {})) {
    const isPlain = ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
    if (!isPlain || name === "" || Buffer.byteLength(name) > 255)
      throw new UsageError(
        `${operation}: header ${JSON.stringify(name)} is ${String(value)}; allowed: strings, finite numbers and booleans, under names of 1 to 255 bytes`,
      );
  }
}

function whole(value: number | undefined, least: number, most: number, what: string, operation: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most))
    throw new UsageError(`${operation}: ${what} is ${shown(value)}; allowed: a whole number, ${least} to ${most}`);
}

function span(value: number | undefined, what: string, operation: string): void {
  if (value !== undefined && !(Number.isFinite(value) && value >= 0 && value <= 2 ** 31 - 1))
    throw new UsageError(`${operation}: ${what} is ${shown(value)}; allowed: milliseconds, 0 to 2147483647`);
}

/** A text in quotes: `"3"` is no number. */
const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));
