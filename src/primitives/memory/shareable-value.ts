import { CodecError, UsageError } from "../../errors.js";
import { show } from "./element-kinds.js";

/** What an element of a {@link ShareableList} can be. */
export type ShareableValue = number | bigint | boolean | string | Uint8Array | null;

/** How Python's `struct` has what is no text: the formats that a slot's description names. */
export const FORMATS = { int: "q", float: "d", bool: "xxxxxxx?", none: "xxxxxx?x" } as const;

/** What the byte behind the formats says: how Python makes a value of what `struct` reads. */
export const CODES = { plain: 0, str: 1, bytes: 2, none: 3 } as const;

/** A value as a slot has it; of a text, or of bytes, the format depends on the slot's room. */
export type WrittenValue =
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "none" }
  | { readonly kind: "str" | "bytes"; readonly value: Uint8Array };

const MOST = 2n ** 63n - 1n;

/**
 * How a value is written. A number is an int if it is a whole one that has exactly one double (up to 2^53 - 1) and not
 * -0, else a float; `isFloat` makes every number one.
 *
 * @throws CodecError for what the layout cannot keep, saying why
 */
export function writtenValue(value: unknown, isFloat: boolean, operation: string): WrittenValue {
  switch (typeof value) {
    case "number":
      if (isFloat || !Number.isSafeInteger(value) || Object.is(value, -0)) return { kind: "float", value };
      return { kind: "int", value: BigInt(value) };
    case "bigint":
      if (value > MOST || value < -MOST - 1n)
        throw new CodecError(
          `${operation}: the value is ${show(value)}; allowed: integers of 64 bits, -2^63 to 2^63 - 1`,
        );
      return { kind: "int", value };
    case "boolean":
      return { kind: "bool", value };
    case "string":
      if (!value.isWellFormed())
        throw new CodecError(`${operation}: the string ${show(value)} has half a surrogate pair, which UTF-8 does not`);
      return { kind: "str", value: checkEnd(Buffer.from(value), `the string ${show(value)}`, operation) };
    default:
      if (value === null) return { kind: "none" };
      if (value instanceof Uint8Array)
        return { kind: "bytes", value: checkEnd(value, `the Uint8Array of ${value.length} bytes`, operation) };
      throw new CodecError(
        `${operation}: the value is ${show(value)}; allowed: number, bigint, boolean, string, Uint8Array, null`,
      );
  }
}

/** Bytes that lie in their slot before NULs, and so must not end in one. */
function checkEnd(bytes: Uint8Array, what: string, operation: string): Uint8Array {
  if (bytes.at(-1) !== 0) return bytes;
  throw new CodecError(
    `${operation}: ${what} ends in NUL; the layout keeps no length and fills a slot up with NULs, so that it would ` +
      "come back without it; allowed: NULs elsewhere",
  );
}

/** @throws UsageError for what a value is longer than */
export function checkRoom(length: number, room: number, what: string): void {
  if (length > room)
    throw new UsageError(
      `${what} of ${length.toLocaleString("en")} bytes; at most ${room.toLocaleString("en")} (the slot's room)`,
    );
}
