import { type ErrorCode, InterprocError } from "../errors.js";
import { Problem, type ProblemStatus } from "./problem.js";

const statuses: Partial<Record<ErrorCode, ProblemStatus>> = {
  ERR_INTERPROC_TIMEOUT: 429,
  ERR_INTERPROC_CLOSED: 410,
  ERR_INTERPROC_NOT_FOUND: 404,
  ERR_INTERPROC_EXISTS: 409,
  ERR_INTERPROC_MISMATCH: 409,
  ERR_INTERPROC_CODEC: 422,
  ERR_INTERPROC_USAGE: 400,
};

/** What went wrong, as `application/problem+json` (RFC 9457); of what is a defect nothing but that it is one is told. */
export function problemResponse(error: unknown): Response {
  const { status, title, message, code, headers } = problemOf(error);
  const problem = { type: "about:blank", title, status, detail: message, ...(code !== undefined && { code }) };
  return new Response(JSON.stringify(problem), {
    status,
    headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof InterprocError)) return new Problem(500, "the gateway failed");
  const { code, message, retryable } = error;
  const status = statuses[code] ?? (retryable ? 503 : 500);
  return new Problem(status, message, {
    code,
    ...([429, 503].includes(status) && { headers: { "retry-after": "1" } }),
  });
}
