import { exposedMethod, exposedNames } from "../rpc/exposed-method.js";
import type { Face, FaceCall } from "./face.js";
import { IteratorFace } from "./iterator-face.js";
import { raise } from "./raise.js";

/** Python makes a function of each name, by writing its source. */
const identifier = /^[A-Za-z][A-Za-z0-9_]*$/;
const reserved = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if
  import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);

/** An object with its methods, as `expose` lets them be called. Python's keyword arguments come as one object, the last argument. */
export class ObjectFace implements Face {
  constructor(private readonly object: object) {}

  get exposed(): readonly string[] {
    return exposedNames(this.object).filter((name) => identifier.test(name) && !reserved.has(name));
  }

  value(): never {
    throw raise("TypeError", "an object of Node is not copied");
  }

  async call({ method, args, keywords }: FaceCall): Promise<unknown> {
    const found = exposedMethod(this.object, method);
    const all = Object.keys(keywords).length > 0 ? [...args, { ...keywords }] : args;
    const result = await Reflect.apply(found.call, found.object, all);
    return isSequence(result) ? new IteratorFace(result) : result;
  }
}

/** What is read one by one: generators, and what is waited for; a collection is a value. */
function isSequence(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  if (Symbol.asyncIterator in value) return true;
  return Symbol.iterator in value && typeof (value as { next?: unknown }).next === "function";
}
