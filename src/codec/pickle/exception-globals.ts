import { PythonError } from "./python-error.js";
import { PythonGlobal, type ReadContext } from "./python-global.js";
import { entriesOf } from "./state-fields.js";

/** Exceptions that a pickle may name, by module. */
const exceptions: Readonly<Record<string, string>> = {
  builtins: `ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError
    ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception
    ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError
    ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError
    MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError
    PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError
    ResourceWarning RuntimeError RuntimeWarning StandardError StopAsyncIteration StopIteration SyntaxError SyntaxWarning
    SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError
    UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError`,
  _pickle: "PickleError PicklingError UnpicklingError",
  "asyncio.exceptions":
    "BrokenBarrierError CancelledError IncompleteReadError InvalidStateError LimitOverrunError QueueFull TimeoutError",
  "asyncio.queues": "QueueEmpty QueueFull",
  binascii: "Error Incomplete",
  "concurrent.futures._base": "BrokenExecutor CancelledError Error InvalidStateError TimeoutError",
  "concurrent.futures.process": "BrokenProcessPool _RemoteTraceback",
  "concurrent.futures.thread": "BrokenThreadPool",
  decimal: `Clamped ConversionSyntax DecimalException DivisionByZero DivisionImpossible DivisionUndefined FloatOperation
    Inexact InvalidContext InvalidOperation Overflow Rounded Subnormal Underflow`,
  "json.decoder": "JSONDecodeError",
  multiprocessing: "AuthenticationError BufferTooShort ProcessError TimeoutError",
  "multiprocessing.context": "AuthenticationError BufferTooShort ProcessError TimeoutError",
  "multiprocessing.managers": "RemoteError",
  "multiprocessing.pool": "MaybeEncodingError RemoteTraceback",
  pickle: "PickleError PicklingError UnpicklingError",
  queue: "Empty Full ShutDown",
  socket: "gaierror herror timeout",
  struct: "error",
  subprocess: "CalledProcessError SubprocessError TimeoutExpired",
  threading: "BrokenBarrierError",
  zlib: "error",
};

/** Puts what another process says about where it was raised beside the exception. */
const withTraceback = (module: string, name: string, module2: string, name2: string): PythonGlobal =>
  new PythonGlobal(module, name, {
    call: ([error, text], context) => {
      if (!(error instanceof PythonError) || typeof text !== "string")
        throw context.broken("a traceback of no exception");
      setCause(error, new PythonError(module2, name2, [text]));
      return error;
    },
  });

export const exceptionGlobals: readonly PythonGlobal[] = [
  ...Object.entries(exceptions).flatMap(([module, names]) =>
    names.split(/\s+/).map((name) => exceptionGlobal(module, name)),
  ),
  withTraceback("multiprocessing.pool", "rebuild_exc", "multiprocessing.pool", "RemoteTraceback"),
  withTraceback("concurrent.futures.process", "_rebuild_exc", "concurrent.futures.process", "_RemoteTraceback"),
];

function exceptionGlobal(module: string, name: string): PythonGlobal {
  return new PythonGlobal(module, name, {
    call: (args, context) => {
      context.charge(args.length);
      return new PythonError(module, name, args.map(context.settled, context));
    },
    setState: setAttributes,
  });
}

function setAttributes(error: object, state: unknown, context: ReadContext): void {
  if (state === null) return;
  const entries = entriesOf(state);
  if (!(error instanceof PythonError) || entries === undefined) throw context.broken("an exception with an odd state");
  context.charge(entries.length);
  for (const [key, value] of entries) {
    if (key === "__cause__") setCause(error, value);
    else if (typeof key !== "string") throw context.broken("an exception with an attribute without a name");
    else Object.defineProperty(error.attributes, key, { value, enumerable: true, writable: true, configurable: true });
  }
}

function setCause(error: PythonError, value: unknown): void {
  Object.defineProperty(error, "cause", { value, writable: true, configurable: true });
}
