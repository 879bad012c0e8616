import { SystemError } from "../errors.js";

/** What Node says of a socket, as an error of ours. */
export function networkError(operation: string, cause: unknown, resource?: string, undelivered?: unknown): SystemError {
  const { code, syscall, message } = cause as NodeJS.ErrnoException;
  const why = code ? `${syscall ? `${syscall}: ` : ""}${code}` : message;
  return new SystemError(`${operation}: ${why}`, { cause, errno: code, syscall, resource, undelivered });
}
