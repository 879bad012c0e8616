import { types } from "node:util";
import { errorFields, errorKinds, TAG } from "./structured.layout.js";
import type { ValueWriter } from "./value-writer.js";

const constructors = errorKinds.map((name) => globalThis[name] as ErrorConstructor);

export const errorPrototypes: readonly object[] = constructors.map((one) => one.prototype as object);

/** Also a DOMException and what another realm threw. */
export function isError(value: object): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/**
 * An error as the nearest of the engine's own classes. Structured clone keeps message, stack and cause; the name of a
 * derived class, a `code` and the errors of an AggregateError come along too.
 */
export function writeError(writer: ValueWriter, error: Error, position: number): number {
  const kind = kindOf(error);
  const { stack, name } = error;
  const { code } = error as { code?: unknown };
  const values: Record<(typeof errorFields)[number], unknown> = {
    message: messageOf(error),
    stack: typeof stack === "string" ? stack : undefined,
    name: typeof name === "string" && name !== errorKinds[kind] ? name : undefined,
    code: typeof code === "string" ? code : undefined,
    cause: Object.getOwnPropertyDescriptor(error, "cause")?.value,
    errors: Object.getOwnPropertyDescriptor(error, "errors")?.value,
  };
  const present = errorFields.filter(
    (field) => values[field] !== undefined || (field === "cause" && Object.hasOwn(error, field)),
  );
  const bits = present.reduce((sum, field) => sum | (1 << errorFields.indexOf(field)), 0);
  let at = writer.byte(bits, writer.byte(kind, writer.byte(TAG.error, position)));
  for (const field of present) at = writer.child(field, values[field], at);
  return at;
}

/** By prototype; by name where the error comes from another realm. */
function kindOf(error: Error): number {
  for (let above: object | null = error; above !== null; above = Object.getPrototypeOf(above) as object | null) {
    const kind = errorPrototypes.indexOf(above);
    if (kind >= 0) return kind;
  }
  return Math.max(0, (errorKinds as readonly string[]).indexOf(error.name));
}

/** Its own, as structured clone takes it, or one that its class makes, as a DOMException's. */
function messageOf(error: Error): string | undefined {
  const own = Object.getOwnPropertyDescriptor(error, "message");
  if (own !== undefined) return "value" in own ? String(own.value) : undefined;
  const { message } = error;
  return typeof message === "string" && message !== "" ? message : undefined;
}
