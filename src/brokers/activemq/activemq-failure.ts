import { AuthenticationError, InterprocError, SystemError } from "../../errors.js";
import { systemFailure } from "../../transports/system-failure.js";
import { redact } from "../broker-url.js";
import { certificateFailure } from "../certificate-failure.js";

/** The connection was lost under what was asked. */
export class Cut extends Error {}

/** The server has answered with an ERROR frame. */
export class Refusal extends Error {}

/** What the server or its driver says, as an error of ours. */
export function activemqFailure(error: unknown, operation: string, shown: string): InterprocError {
  if (error instanceof InterprocError) return error;
  const refused = certificateFailure(error, operation, shown);
  if (refused) return refused;
  const { message, code } = error as NodeJS.ErrnoException;
  const text = `${operation}: ${redact(message)}`;
  const options = { resource: shown, cause: error };
  if (error instanceof Refusal && /password|not authorized|authentication|credentials/i.test(message))
    return new AuthenticationError(text, options);
  if (typeof code === "string") return systemFailure(error, operation, shown);
  return new SystemError(text, { ...options, errno: error instanceof Cut ? "ECONNRESET" : undefined });
}

/** Whether the connection was lost, and nothing was refused. */
export function isCut(error: unknown): boolean {
  if (error instanceof InterprocError) return false;
  return error instanceof Cut || /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException).code));
}
