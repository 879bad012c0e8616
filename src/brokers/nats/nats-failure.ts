import {
  AuthenticationError,
  InterprocError,
  MismatchError,
  NotFoundError,
  SystemError,
  TimeoutError,
} from "../../errors.js";
import { systemFailure } from "../../transports/system-failure.js";
import { redact } from "../broker-url.js";
import { certificateFailure } from "../certificate-failure.js";

/** The connection was lost under what was asked. */
export class Cut extends Error {}

/** The server has refused what was asked of JetStream, by its own number of the reason. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

/** What the server says when a stream that refuses new messages is full. */
export const FULL = 10077;
const MISSING = new Set([10014, 10059]);
/** A name in use with another configuration, subjects that overlap, a second consumer of a work queue. */
const CONFLICTS = new Set([10012, 10013, 10052, 10058, 10065, 10099, 10100, 10148]);
/** JetStream is there but has no leader, or is not ready yet. */
const UNREADY = new Set([10008, 10009]);

/** What the server or its driver says, as an error of ours. */
export function natsFailure(error: unknown, operation: string, shown: string): InterprocError {
  if (error instanceof InterprocError) return error;
  const refused = certificateFailure(error, operation, shown);
  if (refused) return refused;
  const { name, message, code } = error as { name: string; message: string; code?: number | string };
  const text = `${operation}: ${redact(message)}`;
  const options = { resource: shown, cause: error };
  if (/^(Authorization|UserAuthenticationExpired|PermissionViolation)Error$/.test(name) && !isLate(message))
    return new AuthenticationError(text, options);
  if (typeof code === "number" && MISSING.has(code)) return new NotFoundError(text, options);
  if (typeof code === "number" && CONFLICTS.has(code))
    return new MismatchError(
      `${text}; allowed: the options that the queue was made with, or mustExist: true to take it as it is`,
      options,
    );
  if (isNoResponders(error))
    return new NotFoundError(
      `${operation}: nobody answers there any more; it was deleted, or JetStream is off`,
      options,
    );
  if (name === "JetStreamNotEnabled") return new NotFoundError(`${text}; the server needs JetStream`, options);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (typeof (cause as NodeJS.ErrnoException).syscall === "string") return systemFailure(cause, operation, shown);
  const errno = isLate(message) ? "ETIMEDOUT" : isCut(error) ? "ECONNRESET" : undefined;
  return new SystemError(text, { ...options, errno });
}

/** Whether what was asked may be asked again: the connection was lost, or nothing has answered, and nothing was refused. */
export function isCut(error: unknown): boolean {
  if (error instanceof InterprocError) return error instanceof TimeoutError;
  const { name, code, message } = error as Error & { code?: number | string };
  return (
    error instanceof Cut ||
    isLate(message) ||
    (typeof code === "number" && UNREADY.has(code)) ||
    (name === "RequestError" && !isNoResponders(error)) ||
    /^(Timeout|ClosedConnection|DrainingConnection|Connection)Error$/.test(name) ||
    /^E[A-Z]+$/.test(String(code))
  );
}

/** The server gave up waiting for who it is that had connected: the way was silent, or this process was held up. */
const isLate = (message: string): boolean => /^'?Authentication Timeout/i.test(message);

function isNoResponders(error: unknown): boolean {
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (one.name === "NoRespondersError") return true;
  return false;
}
