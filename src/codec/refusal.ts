import { types } from "node:util";
import { CodecError } from "../errors.js";

/** One step from an object to what lies in it: a property, an array's index, or a text for what is neither. */
export type Step = string | number | { toString(): string };

/** So many steps of a long path are shown at its two ends. */
const SHOWN_FIRST = 12;
const SHOWN_LAST = 3;

/** `value.jobs[3].callback` */
export function pathOf(steps: readonly Step[]): string {
  if (steps.length <= SHOWN_FIRST + SHOWN_LAST) return `value${steps.map(stepText).join("")}`;
  const first = steps.slice(0, SHOWN_FIRST).map(stepText).join("");
  return `value${first} … ${steps.slice(-SHOWN_LAST).map(stepText).join("")}`;
}

function stepText(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step !== "string") return String(step);
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) return `.${step}`;
  return `[${JSON.stringify(shortened(step))}]`;
}

/** A step into a Map or a Set; it becomes text only when an error names it. */
export class EntryStep {
  constructor(
    private readonly kind: "key" | "value" | "element",
    private readonly index: number,
    private readonly key: unknown,
  ) {}

  toString(): string {
    if (this.kind === "element") return ` (element ${this.index} of the Set)`;
    if (this.kind === "key") return ` (key ${this.index} of the Map)`;
    const { key } = this;
    if (typeof key === "string") return `.get(${JSON.stringify(shortened(key))})`;
    if (typeof key === "number" || typeof key === "boolean") return `.get(${key})`;
    return ` (value ${this.index} of the Map)`;
  }
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Why a value cannot be encoded, where that is not a matter of its class. */
export function refusal(value: unknown, path: string): CodecError {
  const advice = types.isSharedArrayBuffer(value) ? "; SharedMemory and SharedArray can" : "";
  return new CodecError(`encode: ${describe(value)} cannot be sent, at ${path}${advice}`);
}

/** Why an instance of a class cannot be encoded, and what to do about it. */
export function classRefusal(name: string, path: string): CodecError {
  const what = name === "" ? "a class without a name" : `class ${name}`;
  return new CodecError(
    `encode: an instance of ${what} cannot be sent, at ${path}; call registerClass(${name || "theClass, { name }"}) ` +
      "where the class is defined, in a module that both sides import, or send a plain object",
  );
}

function describe(value: unknown): string {
  if (typeof value === "function") return value.name === "" ? "a function" : `a function (${shortened(value.name)})`;
  if (typeof value === "symbol") return `a symbol (${shortened(value.description ?? "")})`;
  if (typeof value !== "object" || value === null) return String(value);
  if (types.isProxy(value)) return "a Proxy";
  if (types.isBoxedPrimitive(value)) return "a Symbol object";
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return `${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}`;
}
