import { UsageError } from "../errors.js";
import type { Place } from "./shared-object.js";

/**
 * Whether a constructor was given the place of an object that is there, or options of a new one.
 *
 * @throws UsageError for what is neither, such as a name, as Python's programs give one
 */
export function isPlace<Options extends object>(from: Options | Place, kind: string): from is Place {
  if (typeof from === "object" && from !== null) return "holding" in from;
  const given = JSON.stringify(from) ?? typeof from;
  const named = typeof from === "string" ? `; a name goes to ${kind}.openOrCreate(${given})` : "";
  throw new UsageError(`new ${kind}(): the options are ${given}; allowed: an object, or none${named}`);
}
