import { HANDLE } from "../codec.js";
import { DEEPEST } from "./calls.layout.js";

/** Closes the shared objects and connection ends in a value that came and that nobody takes: else their peers would wait. */
export function dropHandles(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return;
  if (HANDLE in value) {
    if (Symbol.dispose in value) (value as Disposable)[Symbol.dispose]();
    return;
  }
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map) for (const one of value) dropHandles(one, depth + 1);
  const inside = Array.isArray(value) || value instanceof Set ? value : Object.values(value);
  for (const one of inside) dropHandles(one, depth + 1);
}
