/** One kind of failure: the class that carries it, what it says, and whether the same call may succeed later. */
export interface ErrorKind {
  readonly class: string;
  readonly sentence: string;
  /** `true`: the cause passes by itself. `"errno"`: it depends on the operating system's error, see {@link SystemError}. */
  readonly retryable: boolean | "errno";
}

/** Every failure that interproc reports, by code. `docs/errors.md` says what to do about each; a test holds them equal. */
export const errorKinds = {
  ERR_INTERPROC_TIMEOUT: {
    class: "TimeoutError",
    sentence: "The call did not finish within its timeout; it left nothing behind.",
    retryable: true,
  },
  ERR_INTERPROC_CLOSED: {
    class: "ClosedError",
    sentence: "The object was closed, shut down or handed over on this side.",
    retryable: false,
  },
  ERR_INTERPROC_EOF: {
    class: "EOFError",
    sentence: "Nothing is left to read, and the peer has closed or died.",
    retryable: false,
  },
  ERR_INTERPROC_BROKEN_PIPE: {
    class: "BrokenPipeError",
    sentence: "The peer that was to receive this has closed or died.",
    retryable: false,
  },
  ERR_INTERPROC_NOT_FOUND: {
    class: "NotFoundError",
    sentence: "There is no object of that name.",
    retryable: true,
  },
  ERR_INTERPROC_EXISTS: {
    class: "ExistsError",
    sentence: "The name is already taken.",
    retryable: false,
  },
  ERR_INTERPROC_MISMATCH: {
    class: "MismatchError",
    sentence: "The object under that name has another kind, layout version or shape.",
    retryable: false,
  },
  ERR_INTERPROC_ABANDONED: {
    class: "AbandonedError",
    sentence: "The process that was to answer died first.",
    retryable: true,
  },
  ERR_INTERPROC_BROKEN_BARRIER: {
    class: "BrokenBarrierError",
    sentence: "The barrier was aborted or reset, or one of its parties died or gave up.",
    retryable: false,
  },
  ERR_INTERPROC_AUTHENTICATION: {
    class: "AuthenticationError",
    sentence: "One side could not prove that it knows the authkey.",
    retryable: false,
  },
  ERR_INTERPROC_PROTOCOL: {
    class: "ProtocolError",
    sentence: "The peer sent bytes that break the protocol; the connection is over.",
    retryable: false,
  },
  ERR_INTERPROC_CODEC: {
    class: "CodecError",
    sentence: "The value cannot be encoded, or the bytes cannot be decoded.",
    retryable: false,
  },
  ERR_INTERPROC_REMOTE: {
    class: "RemoteError",
    sentence: "The code in the other process threw.",
    retryable: false,
  },
  ERR_INTERPROC_USAGE: {
    class: "UsageError",
    sentence: "The call asks for something that is not allowed.",
    retryable: false,
  },
  ERR_INTERPROC_SYSTEM: {
    class: "SystemError",
    sentence: "The operating system refused.",
    retryable: "errno",
  },
} as const satisfies Record<`ERR_INTERPROC_${string}`, ErrorKind>;

/** The codes that errors have; docs/errors.md says what each means and what to do. */
export type ErrorCode = keyof typeof errorKinds;

/** What an error tells besides its sentence. */
export interface InterprocErrorOptions {
  /** What the operation was about: an object's name or a connection's address. */
  resource?: string | undefined;
  /** The error that led to this one. */
  cause?: unknown;
  /** The value that was in hand and did not arrive. */
  undelivered?: unknown;
}

/**
 * What every failure of interproc is. Recognise it by class or by `code`: both also hold for an error that another copy
 * of this package in the same process has thrown. A message names the operation, the object, the value that was wrong
 * and the one that was allowed. To make a kind of your own, extend one of the classes below.
 */
export abstract class InterprocError extends Error {
  declare readonly code: ErrorCode;
  /** The same call may succeed later without any change. */
  declare readonly retryable: boolean;
  /** What the operation was about, where it had a name or an address. */
  declare readonly resource?: string;
  /** The value that was in hand and did not arrive. */
  declare readonly undelivered?: unknown;

  constructor(message: string, options: InterprocErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = codeOf(new.target);
    defineQuietly(this, "retryable", errorKinds[this.code].retryable === true);
    if (options.resource !== undefined) this.resource = options.resource;
    if (options.undelivered !== undefined) defineQuietly(this, "undelivered", options.undelivered);
  }
}

/** The call did not finish within its `timeout`. Whatever was given up left no trace. */
export class TimeoutError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_TIMEOUT";
}

/** The object was closed, shut down or handed over on this side. */
export class ClosedError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_CLOSED";
}

/** Nothing is left to read and the peer has closed or died. What it sent before was delivered first. */
export class EOFError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_EOF";
}

/** The peer that was to receive this has closed or died. */
export class BrokenPipeError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_BROKEN_PIPE";
}

/** There is no object of that name; `open` never creates one. */
export class NotFoundError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_NOT_FOUND";
}

/** The name is already taken; `create` never opens. */
export class ExistsError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_EXISTS";
}

/** The object under that name has another kind, layout version or shape. */
export class MismatchError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_MISMATCH";
}

/** The process that was to answer died first. */
export class AbandonedError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_ABANDONED";
}

/** The barrier was aborted or reset, or one of its parties died or gave up. */
export class BrokenBarrierError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_BROKEN_BARRIER";
}

/** One side could not prove that it knows the `authkey`. */
export class AuthenticationError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_AUTHENTICATION";
}

/** The peer sent bytes that break the protocol; the connection is over. */
export class ProtocolError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_PROTOCOL";
}

/** The value cannot be encoded, or the bytes cannot be decoded. */
export class CodecError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_CODEC";
}

/** The call asks for something that is not allowed; the message says what is. */
export class UsageError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_USAGE";
}

/** What an error of another process tells besides. */
export interface RemoteErrorOptions extends InterprocErrorOptions {
  /** The `name` of what was thrown in the other process, such as `RangeError`. */
  remoteName?: string | undefined;
  /** Its `stack`, with the other process's file names. */
  remoteStack?: string | undefined;
  /** Its `code`, where it had one. */
  remoteCode?: string | number | undefined;
}

/** The code in the other process threw. `message` is its message, `stack` is this process's, `cause` its cause. */
export class RemoteError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_REMOTE";
  declare readonly remoteName?: string;
  declare readonly remoteStack?: string;
  declare readonly remoteCode?: string | number;

  constructor(message: string, options: RemoteErrorOptions = {}) {
    super(message, options);
    if (options.remoteName !== undefined) this.remoteName = options.remoteName;
    if (options.remoteCode !== undefined) this.remoteCode = options.remoteCode;
    if (options.remoteStack !== undefined) this.remoteStack = options.remoteStack;
  }
}

/** What a refusal of the system tells besides. */
export interface SystemErrorOptions extends InterprocErrorOptions {
  /** The symbolic name, such as `ENOSPC`. */
  errno?: string | undefined;
  /** The system call that failed, such as `fallocate`. */
  syscall?: string | undefined;
}

/** The operating system refused. `retryable` says whether the cause is one that passes, such as `EMFILE` or `ENOSPC`. */
export class SystemError extends InterprocError {
  declare readonly code: "ERR_INTERPROC_SYSTEM";
  declare readonly errno?: string;
  declare readonly syscall?: string;

  constructor(message: string, options: SystemErrorOptions = {}) {
    super(message, options);
    if (options.errno !== undefined) this.errno = options.errno;
    if (options.syscall !== undefined) this.syscall = options.syscall;
    if (options.errno !== undefined && passingErrnos.has(options.errno)) defineQuietly(this, "retryable", true);
  }
}

/** The errors of the operating system whose cause passes without a change of the program. */
const passingErrnos: ReadonlySet<string> = new Set([
  "EAGAIN",
  "EBUSY",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "EINTR",
  "EMFILE",
  "ENETUNREACH",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "ENOSPC",
  "EPIPE",
  "ETIMEDOUT",
]);

const classes = {
  TimeoutError,
  ClosedError,
  EOFError,
  BrokenPipeError,
  NotFoundError,
  ExistsError,
  MismatchError,
  AbandonedError,
  BrokenBarrierError,
  AuthenticationError,
  ProtocolError,
  CodecError,
  RemoteError,
  UsageError,
  SystemError,
} satisfies Record<(typeof errorKinds)[ErrorCode]["class"], unknown>;

const codes = new Map<unknown, ErrorCode>();
for (const [code, kind] of Object.entries(errorKinds) as [ErrorCode, (typeof errorKinds)[ErrorCode]][]) {
  codes.set(classes[kind.class], code);
  // on the prototype, so that the first line of `stack` has the name too and that a bundler's renaming cannot change it
  defineQuietly(classes[kind.class].prototype, "name", kind.class);
}
defineQuietly(InterprocError.prototype, "name", "InterprocError");
// inherited by the classes; `instanceof` then compares codes, which two copies of this package have in common
Object.defineProperty(InterprocError, Symbol.hasInstance, { value: isInstance });

function isInstance(this: object, value: unknown): boolean {
  const code = codes.get(this);
  if (code === undefined && this !== InterprocError) return Function.prototype[Symbol.hasInstance].call(this, value);
  if (!(value instanceof Error) || !("code" in value)) return false;
  return code === undefined ? String(value.code).startsWith("ERR_INTERPROC_") : value.code === code;
}

/** A class that a user derived has the code of the nearest class above it that is in the table. */
function codeOf(type: unknown): ErrorCode {
  for (let above = type; typeof above === "function"; above = Object.getPrototypeOf(above)) {
    const code = codes.get(above);
    if (code !== undefined) return code;
  }
  throw new TypeError("InterprocError is abstract: extend one of the classes that have a code, such as UsageError");
}

/** Sets a property that does not clutter what `console.log(error)` shows. */
function defineQuietly(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, writable: true, configurable: true });
}
