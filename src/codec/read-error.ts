import { errorFields, errorKinds } from "./structured.layout.js";
import type { ValueReader } from "./value-reader.js";

type Field = (typeof errorFields)[number];

export function readError(reader: ValueReader): Error {
  const kind = reader.byte();
  const bits = reader.byte();
  if (kind >= errorKinds.length || bits >> errorFields.length !== 0) throw reader.broken("an unknown kind of error");
  const error = withoutStack(() => make(errorKinds[kind]));
  reader.track(error);
  set(error, "stack", undefined);
  errorFields.forEach((field, bit) => {
    if ((bits & (1 << bit)) === 0) return;
    set(error, field, field === "cause" || field === "errors" ? reader.value() : reader.string());
  });
  return error;
}

function make(kind: (typeof errorKinds)[number]): Error {
  return kind === "AggregateError" ? new AggregateError([]) : new globalThis[kind]();
}

/** All but `code` are as the engine's own: not enumerable. */
function set(error: Error, field: Field, value: unknown): void {
  Object.defineProperty(error, field, { value, writable: true, enumerable: field === "code", configurable: true });
}

/** The stack of the decoder is of no use, and taking it costs more than the rest. */
function withoutStack(make: () => Error): Error {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    return make(); // frozen: then with a stack
  }
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
