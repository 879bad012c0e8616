import { CodecError } from "../errors.js";
import type { Registration } from "./class-registry.js";
import { TAG } from "./structured.layout.js";
import type { ValueWriter } from "./value-writer.js";

/** An instance of a registered class: the class, by name the first time, and the instance's state. */
export function writeInstance(
  writer: ValueWriter,
  instance: object,
  registration: Registration,
  position: number,
): number {
  const { latest } = writer;
  const known = writer.classes.indexOf(registration);
  let at: number;
  if (known >= 0) {
    at = writer.tagged(TAG.instance, known, position);
  } else {
    at = writer.tagged(TAG.instance, writer.classes.push(registration) - 1, position);
    at = writer.string(registration.name, at);
  }
  const { getState, setState } = registration;
  if (setState !== undefined) return writer.stateOf(latest, getState ? getState(instance) : stateOf(instance), at);
  if (getState !== undefined) return writer.ownState(plainState(writer, registration, getState(instance)), at);
  return writer.ownState(registration.isError ? errorState(instance as Error) : instance, at);
}

/** What setState gets by default. */
function stateOf(instance: object): object {
  return instance instanceof Error ? errorState(instance) : { ...instance };
}

/** An error's properties, with those that are not enumerable. */
function errorState(error: Error): object {
  const state: Record<string, unknown> = { message: error.message, stack: error.stack };
  if (Object.hasOwn(error, "cause")) state.cause = error.cause;
  if (Object.hasOwn(error, "errors")) state.errors = (error as AggregateError).errors;
  return Object.assign(state, error);
}

function plainState(writer: ValueWriter, { name }: Registration, state: unknown): object {
  const prototype: unknown = typeof state === "object" && state !== null ? Object.getPrototypeOf(state) : undefined;
  if (prototype === Object.prototype || prototype === null) return state as object;
  throw new CodecError(
    `encode: getState of class ${name} gave no plain object, at ${writer.openPath}; without setState, its properties become the instance's`,
  );
}
