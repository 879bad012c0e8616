import { ProtocolError, RemoteError } from "../errors.js";

/** What was thrown in another process, as plain data: nothing of it can fail to be decoded. */
export interface RemoteFailure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: RemoteFailure;
  /** The same call may succeed later. */
  readonly retryable?: true;
}

const DEEPEST_CAUSE = 8;

/** Describes anything that was thrown. */
export function describeFailure(thrown: unknown): RemoteFailure {
  try {
    return describe(thrown, 0);
  } catch {
    return { name: "Error", message: "(cannot be described)" }; // a property of it throws
  }
}

function describe(thrown: unknown, depth: number): RemoteFailure {
  if (typeof thrown !== "object" || thrown === null)
    return { name: typeof thrown, message: safely(() => String(thrown)) };
  const error = thrown as Partial<Record<keyof RemoteFailure, unknown>>;
  return {
    name: safely(() => String(error.name ?? (thrown as object).constructor.name)),
    message: safely(() => String(error.message ?? JSON.stringify(thrown))),
    ...(typeof error.stack === "string" && { stack: error.stack }),
    ...((typeof error.code === "string" || typeof error.code === "number") && { code: String(error.code) }),
    ...(error.cause !== undefined && depth < DEEPEST_CAUSE && { cause: describe(error.cause, depth + 1) }),
    ...(error.retryable === true && { retryable: true }),
  };
}

function safely(text: () => string): string {
  try {
    return text();
  } catch {
    return "(cannot be described)";
  }
}

/** The error that stands for it on this side, with both stacks. */
export function restoreFailure(failure: RemoteFailure, where: string): RemoteError {
  const { name, message, stack, code, cause } = failure;
  const error = new RemoteError(`${where}: ${name}: ${message}`, {
    remoteName: name,
    ...(stack !== undefined && { remoteStack: stack }),
    ...(code !== undefined && { remoteCode: code }),
    ...(cause && { cause: restoreFailure(cause, where) }),
  });
  if (stack) error.stack = `${error.stack}\n  in the other process:\n${stack.replace(/^/gm, "    ")}`;
  if (failure.retryable)
    Object.defineProperty(error, "retryable", { value: true, enumerable: false, writable: true, configurable: true });
  return error;
}

/** What a peer sent as a failure. @throws ProtocolError when it is none */
export function failureOf(value: unknown, depth = 0): RemoteFailure {
  const failure = value as Partial<Record<keyof RemoteFailure, unknown>> | null;
  const isFailure =
    typeof failure === "object" &&
    failure !== null &&
    typeof failure.name === "string" &&
    typeof failure.message === "string" &&
    isText(failure.stack) &&
    isText(failure.code) &&
    depth <= DEEPEST_CAUSE;
  if (!isFailure) throw new ProtocolError("a failure came that is none");
  if (failure.cause !== undefined) failureOf(failure.cause, depth + 1);
  return value as RemoteFailure;
}

const isText = (value: unknown): boolean => value === undefined || typeof value === "string";
