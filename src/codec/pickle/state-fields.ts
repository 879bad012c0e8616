/** A field of a state, which is a dict: here a plain object, or a Map with other keys too. */
export function fieldOf(state: unknown, name: string): unknown {
  if (state instanceof Map) return state.get(name);
  if (typeof state !== "object" || state === null || !Object.hasOwn(state, name)) return undefined;
  return (state as Record<string, unknown>)[name];
}

/** Keys and values of a dict; undefined for anything else. */
export function entriesOf(dict: unknown): [unknown, unknown][] | undefined {
  if (dict instanceof Map) return [...dict];
  if (typeof dict !== "object" || dict === null || Object.getPrototypeOf(dict) !== Object.prototype) return undefined;
  return Object.entries(dict);
}
