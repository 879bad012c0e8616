import { MAX_DIGITS } from "./pickle.layout.js";
import { fromBig } from "./pickle-input.js";

/** An int as protocol 0 writes it; undefined when it is none, or too long. */
export function integerOf(text: string): number | bigint | undefined {
  if (text.length <= 15) return /^[+-]?\d+$/.test(text) ? Number(text) + 0 : undefined; // no -0
  const digits = /^[+-]/.test(text) ? text.slice(1) : text;
  if (digits.length > MAX_DIGITS || !/^\d+$/.test(digits)) return undefined;
  return fromBig(text.startsWith("-") ? -BigInt(digits) : BigInt(digits));
}

/** A float as protocol 0 writes it; undefined when it is none. */
export function floatOf(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (word === null) return undefined;
  if (word[2].toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A str as protocol 0 writes it; undefined when an escape is wrong. */
export function unescaped(line: string): string | undefined {
  if (!line.includes("\\")) return line;
  let isRight = true;
  const text = line.replace(
    /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|[\s\S])/g,
    (found: string, four?: string, eight?: string) => {
      const code = four ?? eight;
      if (code === undefined) {
        if (found === "\\u" || found === "\\U") isRight = false;
        return found;
      }
      const point = Number.parseInt(code, 16);
      if (point <= 0x10ffff) return String.fromCodePoint(point);
      isRight = false;
      return "";
    },
  );
  return isRight ? text : undefined;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** A Python 2 str as protocol 0 writes it, one character a byte; undefined when it is none. */
export function unquoted(line: string): string | undefined {
  const text = line.trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote)) return undefined;
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g,
      (found: string, hex?: string, octal?: string, one?: string) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
        return escapes[one ?? ""] ?? found;
      },
    );
}
