import { UsageError } from "../../errors.js";
import type { RabbitTable, RabbitValue } from "./rabbit-options.js";

/** How the driver writes what JavaScript has no number or object for. */
interface Typed {
  readonly "!": string;
  readonly value: unknown;
}

const DEEPEST = 16;

/** Tables of AMQP as the driver has them, and as users do. */
export const rabbitTable = {
  /** @throws UsageError for what a table cannot hold */
  toWire(table: RabbitTable, what: string): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(table)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => {
          const length = Buffer.byteLength(name);
          if (length === 0 || length > 255)
            throw new UsageError(`${what}: a name of ${length} bytes; allowed: 1 to 255 bytes`);
          return [name, valueToWire(value as RabbitValue, `${what}.${name}`, 1)];
        }),
    );
  },

  fromWire(table: Readonly<Record<string, unknown>>): RabbitTable {
    return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, valueFromWire(value)]));
  },
};

function valueToWire(value: RabbitValue, what: string, depth: number): unknown {
  if (depth > DEEPEST) throw new UsageError(`${what} lies deeper than ${DEEPEST} levels`);
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) throw new UsageError(`${what} is ${value}; allowed: 64 bits with a sign`);
    return { "!": "int64", value } satisfies Typed;
  }
  if (typeof value === "number" && !Number.isFinite(value))
    throw new UsageError(`${what} is ${value}; allowed: finite numbers`);
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value;
  if (value instanceof Date) return { "!": "timestamp", value: seconds(value, what) } satisfies Typed;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length);
  if (Array.isArray(value)) return value.map((one: RabbitValue, at) => valueToWire(one, `${what}[${at}]`, depth + 1));
  if (typeof value !== "object")
    throw new UsageError(
      `${what} is a ${typeof value}; allowed: strings, numbers, booleans, null, dates, bytes, arrays and objects of these`,
    );
  return Object.fromEntries(
    Object.entries(value as RabbitTable)
      .filter(([, inside]) => inside !== undefined)
      .map(([name, inside]) => [name, valueToWire(inside as RabbitValue, `${what}.${name}`, depth + 1)]),
  );
}

function valueFromWire(value: unknown): RabbitValue {
  if (Array.isArray(value)) return value.map(valueFromWire);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value as RabbitValue;
  if (!("!" in value)) return rabbitTable.fromWire(value as Record<string, unknown>);
  const { "!": type, value: inside } = value as Typed;
  if (type === "timestamp") return new Date((inside as number) * 1000);
  const { digits, places } = inside as { digits: number; places: number };
  return digits / 10 ** places;
}

function seconds(date: Date, what: string): number {
  const found = Math.floor(date.getTime() / 1000);
  if (!(found >= 0)) throw new UsageError(`${what} is ${String(date)}; allowed: dates since 1970`);
  return found;
}
