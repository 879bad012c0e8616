import { types } from "node:util";
import { PythonDeque } from "./python-deque.js";

/** False for what Python allows neither as a dict's key nor in a set, whatever lies in it. */
export function isHashable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (types.isMap(value) || value instanceof PythonDeque) return false;
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array || value instanceof DataView;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}
