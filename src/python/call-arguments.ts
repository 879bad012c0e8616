import type { FaceCall } from "./face.js";
import { raise } from "./raise.js";

/**
 * The arguments of a call by position or by name, as Python binds them. `names` has all of them, the first `needed` being
 * required.
 *
 * @throws PythonError (TypeError) for too many, too few or unknown ones
 */
export function boundArguments({ method, args, keywords }: FaceCall, names: readonly string[], needed = 0): unknown[] {
  const bound: unknown[] = [...args];
  if (args.length > names.length)
    throw raise("TypeError", `${method}() takes ${names.length} arguments, and ${args.length} were given`);
  for (const [name, value] of Object.entries(keywords)) {
    const at = names.indexOf(name);
    if (at < args.length) throw raise("TypeError", `${method}() got an unexpected keyword argument '${name}'`);
    bound[at] = value;
  }
  for (let at = 0; at < needed; at++)
    if (!(at in bound)) throw raise("TypeError", `${method}() misses its argument '${names[at]}'`);
  return bound;
}
