import { ExistsError, type InterprocError, NotFoundError, SystemError } from "../errors.js";

/** What an error of the operating system means for somebody who listens or connects. */
export function systemFailure(error: unknown, operation: string, resource: string): InterprocError {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const what = operation.includes(resource) ? operation : `${operation} of ${resource}`;
  if (code === "EADDRINUSE" || code === "EEXIST")
    return new ExistsError(`${what}: somebody listens there already`, { resource, cause: error });
  if (code === "ENOENT") return new NotFoundError(`${what}: there is no such path`, { resource, cause: error });
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EADDRNOTAVAIL")
    return new NotFoundError(`${what}: there is no such host`, { resource, cause: error });
  const hint = code === "ECONNREFUSED" ? "; nobody listens there" : "";
  return new SystemError(`${what}: ${message}${hint}`, { errno: code, syscall, resource, cause: error });
}
