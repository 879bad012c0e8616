import { OP } from "./pickle.layout.js";
import type { PickleInput } from "./pickle-input.js";
import { floatOf, integerOf, unescaped, unquoted } from "./read-text-values.js";

/** What a Python 2 str becomes, as the argument of Python's `pickle.loads` says it. */
export type PickleEncoding = "ascii" | "latin1" | "bytes";

/** Numbers and strings as protocols 0 and 1 write them: most as text. */
export class OldScalars {
  constructor(
    private readonly input: PickleInput,
    private readonly encoding: PickleEncoding,
  ) {}

  /** The value behind an instruction; undefined when it is no instruction of this kind. */
  read(op: number): unknown {
    const { input } = this;
    switch (op) {
      case OP.INT: {
        const line = input.line();
        return line === "00" || line === "01" ? line === "01" : this.parsed(integerOf(line), "an int", line);
      }
      case OP.LONG: {
        const line = input.line();
        return this.parsed(integerOf(line.endsWith("L") ? line.slice(0, -1) : line), "an int", line);
      }
      case OP.FLOAT: {
        const line = input.line();
        return this.parsed(floatOf(line), "a float", line);
      }
      case OP.UNICODE: {
        const line = input.line();
        return this.parsed(unescaped(line), "a str", line);
      }
      case OP.STRING: {
        const line = input.line();
        return this.string(this.parsed(unquoted(line), "a str", line));
      }
      case OP.BINSTRING:
        return this.string(input.latin1(input.length32()));
      case OP.SHORT_BINSTRING:
        return this.string(input.latin1(input.byte()));
      default:
        return undefined;
    }
  }

  /** A number of the memo. */
  index(): number {
    const line = this.input.line();
    const index = integerOf(line);
    if (typeof index !== "number" || index < 0) throw this.input.broken("a memo's number that is none");
    return index;
  }

  private parsed<T>(value: T | undefined, what: string, line: string): T {
    if (value !== undefined) return value;
    throw this.input.broken(`${what} that is none: ${JSON.stringify(line.slice(0, 40))}`);
  }

  private string(text: string): string | Uint8Array {
    if (this.encoding === "bytes") return new Uint8Array(Buffer.from(text, "latin1"));
    if (this.encoding === "latin1" || !/[^\0-\x7f]/.test(text)) return text;
    throw this.input.broken("a Python 2 str that is not ASCII; pickleCodec({ encoding }) says what it becomes");
  }
}
