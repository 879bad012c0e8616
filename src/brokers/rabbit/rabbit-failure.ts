import { InterprocError, MismatchError, NotFoundError, SystemError } from "../../errors.js";
import { redact } from "../broker-url.js";

/** What was asked of: its refusals are told apart by it. */
export type RabbitAsk = "declare" | "delete" | "consume" | "other";

/** Refusals of the server whose meaning depends on what it was asked; all others are given as they are. */
export function rabbitFailure(error: unknown, ask: RabbitAsk, operation: string, shown: string): unknown {
  if (error instanceof InterprocError) return error;
  const { code, message } = error as { code?: number | string; message: string };
  const text = `${operation}: ${redact(message)}`;
  const options = { resource: shown, cause: error };
  const reply = replyCode(code, message);
  const isTaken = reply === 405 || (reply === 403 && message.includes("exclusive"));
  if (isTaken || (reply === 406 && ask === "delete")) return new SystemError(text, { ...options, errno: "EBUSY" });
  if (reply === 406 && ask === "declare")
    return new MismatchError(
      `${text}; allowed: what it was declared with, or passive: true to take it as it is`,
      options,
    );
  if (reply === 404) return new NotFoundError(text, options);
  return error;
}

/** The driver gives the number in the error, or in the text of one that it made of a refused call. */
function replyCode(code: unknown, message: string): number {
  return typeof code === "number" ? code : Number(/\b([345]\d\d)\b/.exec(message)?.[1] ?? 0);
}
