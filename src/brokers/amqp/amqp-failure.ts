import { AuthenticationError, InterprocError, MismatchError, NotFoundError, SystemError } from "../../errors.js";
import { systemFailure } from "../../transports/system-failure.js";
import { redact } from "../broker-url.js";
import { certificateFailure } from "../certificate-failure.js";
import { Refused } from "./refused.js";

/** What the server or its driver says, as an error of ours: by the reply codes of AMQP 0-9-1. */
export function amqpFailure(error: unknown, operation: string, shown: string): InterprocError {
  if (error instanceof InterprocError) return error;
  const refused = certificateFailure(error, operation, shown);
  if (refused) return refused;
  const { code, message } = error as { code?: number | string; message: string };
  const text = `${operation}: ${redact(message)}`;
  const options = { resource: shown, cause: error };
  const reply = typeof code === "number" ? code : Number(/\b([345]\d\d)\b/.exec(message)?.[1] ?? 0);
  if (reply === 403 || message.includes("ACCESS_REFUSED") || message.includes("ACCESS-REFUSED"))
    return new AuthenticationError(text, options);
  if (reply === 404) return new NotFoundError(text, options);
  // the driver does not tell why the server closed when it was asked for a virtual host
  if (reply === 530 || message.startsWith("Expected ConnectionOpenOk"))
    return new NotFoundError(`${text}; the virtual host is what ?vhost= says, / without it`, options);
  if (reply === 405 || reply === 406)
    return new MismatchError(
      `${text}; allowed: the options that the queue was made with, or mustExist: true to take it as it is`,
      options,
    );
  if (typeof code === "string") return systemFailure(error, operation, shown);
  if (error instanceof Refused) return new SystemError(text, { ...options, errno: "EAGAIN" });
  const errno = message.includes("ETIMEDOUT") ? "ETIMEDOUT" : "ECONNRESET";
  return new SystemError(text, { ...options, errno: isCut(error) ? errno : undefined });
}

/** What the driver says of an end without a reason: of a channel, by its connection or before this was asked; of a connection. */
const ENDS =
  /^(channel (closed|closing|ended)|connection (closed|closing)|socket closed|heartbeat timeout|unexpected close|connect ETIMEDOUT)/i;

/**
 * Whether the connection or the channel was lost, and nothing was refused. A channel that the server closes for a reason has
 * the reason's number; two of them say that the server is being stopped or has failed.
 */
export function isCut(error: unknown): boolean {
  if (error instanceof InterprocError) return false;
  const { code, message } = error as { code?: number | string; message?: string };
  if (typeof code === "number") return code === 320 || code === 541 || hasForgotten(error);
  return code?.startsWith("E") || ENDS.test(message ?? "");
}

/**
 * Whether the server knows nothing of what was acknowledged: a quorum queue whose leader was away has taken it back by itself.
 * All that came on the channel comes again.
 */
export function hasForgotten(error: unknown): boolean {
  const { code, message } = error as { code?: number | string; message?: string };
  return code === 406 && message?.includes("unknown delivery tag") === true;
}
