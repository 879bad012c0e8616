import { ProtocolError, RemoteError } from "../errors.js";

/** What was thrown in another process, as plain data: nothing of it can fail to be decoded. */
export interface RemoteFailure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: RemoteFailure;
}

const DEEPEST_CAUSE = 8;

/** Describes anything that was thrown. */
export function describeFailure(thrown: unknown, depth = 0): RemoteFailure {
  if (typeof thrown !== "object" || thrown === null)
    return { name: typeof thrown, message: safely(() => String(thrown)) };
  const error = thrown as { name?: unknown; message?: unknown };
  const [stack, code, cause] = ["stack", "code", "cause"].map((part) => readSafely(thrown, part));
  return {
    name: safely(() => String(error.name ?? error.constructor.name)),
    message: safely(() => String(error.message ?? JSON.stringify(thrown))),
    ...(typeof stack === "string" && { stack }),
    ...((typeof code === "string" || typeof code === "number") && { code: String(code) }),
    ...(cause !== undefined && depth < DEEPEST_CAUSE && { cause: describeFailure(cause, depth + 1) }),
  };
}

function safely(describe: () => string): string {
  try {
    return describe();
  } catch {
    return "(cannot be described)";
  }
}

/** A property of what was thrown: its getter may throw, or it may be a proxy. */
function readSafely(thrown: object, part: string): unknown {
  try {
    return (thrown as Record<string, unknown>)[part];
  } catch {
    return undefined;
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
  return error;
}

/** What a peer sent as a failure. @throws ProtocolError when it is none */
export function failureOf(value: unknown): RemoteFailure {
  const failure = value as Partial<RemoteFailure> | null;
  const isFailure =
    typeof failure === "object" &&
    failure !== null &&
    typeof failure.name === "string" &&
    typeof failure.message === "string";
  if (isFailure) return failure as RemoteFailure;
  throw new ProtocolError("a failure came that is none");
}
