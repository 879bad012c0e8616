import {
  AbandonedError,
  AuthenticationError,
  ClosedError,
  CodecError,
  type InterprocError,
  MismatchError,
  NotFoundError,
  SystemError,
  TimeoutError,
  UsageError,
} from "../../errors.js";

const classes = {
  ERR_INTERPROC_TIMEOUT: TimeoutError,
  ERR_INTERPROC_CLOSED: ClosedError,
  ERR_INTERPROC_NOT_FOUND: NotFoundError,
  ERR_INTERPROC_MISMATCH: MismatchError,
  ERR_INTERPROC_ABANDONED: AbandonedError,
  ERR_INTERPROC_CODEC: CodecError,
  ERR_INTERPROC_USAGE: UsageError,
  ERR_INTERPROC_AUTHENTICATION: AuthenticationError,
} as const;

/** What a gateway refuses with, as an error of ours. */
export function failureOf(status: number, body: Buffer, operation: string, resource: string): InterprocError {
  const { detail, code } = problemOf(body);
  const text = `${operation}: ${detail ?? "it was refused"} (HTTP ${status})`;
  if (code !== undefined && Object.hasOwn(classes, code))
    return new classes[code as keyof typeof classes](text, { resource });
  if (status === 401 || status === 403) return new AuthenticationError(text, { resource });
  if (status === 404) return new NotFoundError(text, { resource });
  if (status === 413) return new UsageError(text, { resource });
  // both pass by themselves
  return new SystemError(text, { resource, ...((status === 429 || status === 503) && { errno: "EAGAIN" }) });
}

function problemOf(body: Buffer): { readonly detail?: string; readonly code?: string } {
  try {
    const problem = JSON.parse(body.toString()) as { detail?: unknown; code?: unknown } | null;
    return {
      ...(typeof problem?.detail === "string" && { detail: problem.detail }),
      ...(typeof problem?.code === "string" && { code: problem.code }),
    };
  } catch {
    return {};
  }
}
