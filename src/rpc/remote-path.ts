import { UsageError } from "../errors.js";
import { isPublicName } from "./public-name.js";

/** Calls a method by its name or, of an object in the object, by its path. */
export type CallPath = (target: string | readonly string[], args: unknown[]) => unknown;

/**
 * A path to what is exposed: a function, so that it can be called, without anything that functions have. `own`: what the object
 * at its beginning has itself, by symbols.
 */
export function remotePath(
  call: CallPath,
  own: Readonly<Record<symbol, () => unknown>>,
  path: readonly string[] = [],
): object {
  const parts = new Map<string, object>();
  const target = path.length === 1 ? path[0] : path;
  const text = (): string => `[remote${path.map((name) => ` ${name}`).join("")}]`;
  return new Proxy(() => undefined, {
    get: (_, name) => {
      if (typeof name !== "string") {
        if (name === Symbol.toPrimitive) return text;
        return path.length === 0 ? own[name] : undefined;
      }
      const known = parts.get(name);
      if (known) return known;
      if (!isPublicName(name)) return undefined;
      const part = remotePath(call, own, [...path, name]);
      parts.set(name, part);
      return part;
    },
    apply: (_, __, args: unknown[]) => {
      if (path.length > 0) return call(target, args);
      throw new UsageError("a remote object is no function: call one of its methods");
    },
    set: () => false,
    deleteProperty: () => false,
    defineProperty: () => false,
  });
}
