import { keyOfGlobal } from "./known-globals.js";
import type { PickleWriter, WriteObject } from "./pickle-writer.js";
import { PythonError } from "./python-error.js";
import { WrittenGlobal } from "./written-global.js";

/** The exceptions that JavaScript's own errors become; any other is an Exception. */
const classes: Readonly<Record<string, string>> = {
  TypeError: "TypeError",
  RangeError: "ValueError",
  SyntaxError: "SyntaxError",
  ReferenceError: "NameError",
  URIError: "ValueError",
};

/** Errors as exceptions. `isKnown` tells which of Python's globals may be named. */
export function errorWriters(isKnown: (key: string) => boolean): readonly (readonly [object, WriteObject])[] {
  return [
    [Error.prototype, (writer, value) => writeError(writer, value as Error)],
    [
      PythonError.prototype,
      (writer, value) => {
        const { module, name, args, attributes } = value as PythonError;
        if (!isKnown(keyOfGlobal(module, name)))
          throw writer.refusal(`the exception ${module}.${name} is not allowed; pickleCodec({ globals }) can allow it`);
        const state = { ...attributes, ...causeOf(value as Error) };
        const parts = Object.keys(state).length === 0 ? {} : { state };
        writer.call(value, new WrittenGlobal(module, name), args, parts);
      },
    ],
  ];
}

/** The message is the exception's argument; a name of its own, a code and the cause are attributes. */
function writeError(writer: PickleWriter, error: Error): void {
  const own = Object.getPrototypeOf(error)?.constructor?.name as unknown;
  const kind = typeof own === "string" && Object.hasOwn(classes, own) ? classes[own] : "Exception";
  const { message, name } = error;
  const { code } = error as { code?: unknown };
  const state: Record<string, unknown> = { ...causeOf(error) };
  if (typeof name === "string" && name !== "Error" && name !== own) state.name = name;
  if (typeof own === "string" && own !== "Error" && !Object.hasOwn(classes, own))
    state.name = name === "Error" ? own : name;
  if (typeof code === "string" || typeof code === "number") state.code = code;
  const parts = Object.keys(state).length === 0 ? {} : { state };
  writer.call(error, new WrittenGlobal("builtins", kind), [String(message)], parts);
}

/** Python's cause is an exception, or nothing. */
function causeOf(error: Error): { __cause__?: Error } {
  const cause = Object.getOwnPropertyDescriptor(error, "cause")?.value as unknown;
  return cause instanceof Error ? { __cause__: cause } : {};
}
