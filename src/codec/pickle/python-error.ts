/** So many characters of a string are shown among an exception's arguments. */
const SHOWN = 200;

/**
 * A Python exception. `name` is its class, such as `"ValueError"`; `args` are what it was made with; `message` is what
 * `str()` would make of it, or close; `attributes` is what was set on it since.
 *
 * @example
 * if (error instanceof PythonError && error.name === "FileNotFoundError") …
 */
export class PythonError extends Error {
  /** Where the class lives: `"builtins"` for Python's own. */
  declare readonly module: string;
  declare readonly args: readonly unknown[];
  declare readonly attributes: Readonly<Record<string, unknown>>;

  constructor(
    module: string,
    name: string,
    args: readonly unknown[] = [],
    options: { cause?: unknown; attributes?: Readonly<Record<string, unknown>> } = {},
  ) {
    const { stackTraceLimit } = Error;
    try {
      Error.stackTraceLimit = 0; // the stack of a decoder is of no use
    } catch {
      // frozen: then with a stack
    }
    super(messageOf(name, args), "cause" in options ? { cause: options.cause } : undefined);
    try {
      Error.stackTraceLimit = stackTraceLimit;
    } catch {
      // frozen
    }
    const fields = { name, module, args, attributes: options.attributes ?? {}, stack: `${name}: ${this.message}` };
    for (const [key, value] of Object.entries(fields))
      Object.defineProperty(this, key, { value, writable: true, configurable: true });
  }
}

function messageOf(name: string, args: readonly unknown[]): string {
  if (args.length === 0) return "";
  if (args.length === 1) return typeof args[0] === "string" ? args[0] : shown(args[0]);
  if (/Error$/.test(name) && typeof args[0] === "number" && typeof args[1] === "string" && args.length <= 5) {
    const file = typeof args[2] === "string" ? `: ${shown(args[2])}` : "";
    return `[Errno ${args[0]}] ${args[1]}${file}`;
  }
  return `(${args.slice(0, 10).map(shown).join(", ")}${args.length > 10 ? ", …" : ""})`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
  if (typeof value === "bigint") return value > -(2n ** 256n) && value < 2n ** 256n ? String(value) : "a large int";
  if (typeof value !== "object" || value === null) return String(value);
  return Object.prototype.toString.call(value);
}
