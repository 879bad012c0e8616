import { isHandle } from "../../primitives/handle.js";

/** Closes the shared objects and connections anywhere in a decoded value that nobody is going to use. */
export function closeHandles(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (isHandle(value)) return (value as { close?(): void }).close?.();
  if (value instanceof Map) for (const key of value.keys()) closeHandles(key, seen);
  const parts = value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
  for (const part of parts) closeHandles(part, seen);
}
