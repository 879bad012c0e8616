import { CodecError } from "../errors.js";

/**
 * A refusal of the codec in the words of whoever gave the value: it stood at `where` in a message of ours, of which he knows
 * nothing; `name` is what he calls it. Other errors stay as they are.
 */
export function toldWhere(error: unknown, where: string, name: string, operation?: string): unknown {
  if (!(error instanceof CodecError)) return error;
  const message = error.message.replace(`, at ${where}`, () => `, at ${name}`);
  const { undelivered } = error;
  return new CodecError(operation === undefined ? message : `${operation}: ${message}`, { undelivered });
}
