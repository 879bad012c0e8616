const FAMILIES: readonly (readonly [family: string, types: readonly string[]])[] = [
  ["queue", ["Queue", "PriorityQueue", "Stack", "listener"]],
  ["topic", ["Topic"]],
  ["pipe", ["pipe"]],
  ["memory", ["SharedValue", "SharedArray", "SharedMemory", "SharedMap", "ShareableList"]],
  ["lock", ["Lock", "RLock", "RWLock", "Semaphore", "BoundedSemaphore", "SharedEvent", "Condition", "Barrier"]],
];

/** What a type belongs to: those of one family have one colour. */
export const family = (type: string): string => FAMILIES.find(([, types]) => types.includes(type))?.[0] ?? "other";
