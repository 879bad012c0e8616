import { CodecError } from "../errors.js";

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type Outcome<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly value?: undefined };

/** A schema of any library that keeps to Standard Schema, version 1 (Zod, Valibot, ArkType and others). */
export interface StandardSchema<T = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): Outcome<T> | Promise<Outcome<T>>;
  };
}

/**
 * What a schema makes of a value that came; a promise where the schema is asynchronous.
 *
 * @throws CodecError that says what does not fit, and has the value
 */
export function checked<T>(schema: StandardSchema<T>, value: unknown, what: string): T | Promise<T> {
  const outcome = schema["~standard"].validate(value);
  if (outcome instanceof Promise) return outcome.then((one) => fitting(one, value, what));
  return fitting(outcome, value, what);
}

function fitting<T>(outcome: Outcome<T>, value: unknown, what: string): T {
  if (!outcome.issues) return outcome.value;
  const issues = outcome.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw new CodecError(`${what} does not fit the schema: ${issues.join("; ")}`, { undelivered: value });
}
