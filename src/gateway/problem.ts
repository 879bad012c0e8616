import type { ErrorCode } from "../errors.js";

const titles = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type ProblemStatus = keyof typeof titles;

interface ProblemOptions {
  readonly code?: ErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why a request is answered with something else than what it asked for. */
export class Problem extends Error {
  readonly title: string;
  readonly code: ErrorCode | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: ProblemStatus,
    message: string,
    { code, headers = {} }: ProblemOptions = {},
  ) {
    super(message);
    this.title = titles[status];
    this.code = code;
    this.headers = headers;
  }
}
