import { UsageError } from "../errors.js";
import type { ReconnectOptions } from "./reconnecting-connection.js";

const delay = { fits: (value: unknown) => typeof value === "number" && value >= 0, allowed: "milliseconds, 0 or more" };
const told = { fits: (value: unknown) => typeof value === "function", allowed: "a function" };
const rules: Readonly<Record<keyof ReconnectOptions, { fits(value: unknown): boolean; allowed: string }>> = {
  minDelay: delay,
  maxDelay: delay,
  attempts: { fits: (value) => typeof value === "number" && value >= 1, allowed: "1 or more" },
  onConnect: told,
  onDisconnect: told,
};

/** @throws UsageError for what `reconnect` cannot be, before anything is dialled */
export function checkReconnect(reconnect: unknown): void {
  if (typeof reconnect === "boolean") return;
  if (typeof reconnect !== "object" || reconnect === null)
    throw new UsageError(`connect(): reconnect is ${String(reconnect)}; allowed: true, false or an object`);
  for (const [name, { fits, allowed }] of Object.entries(rules)) {
    const value = (reconnect as Record<string, unknown>)[name];
    if (value !== undefined && !fits(value))
      throw new UsageError(`connect(): reconnect.${name} is ${String(value)}; allowed: ${allowed}, or undefined`);
  }
}
