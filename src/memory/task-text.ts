import { registrySlot } from "./registry.layout.js";

/** A task's name as it stands in a slot of the registry, cut off where the slot ends, with a zero behind it. */
export function taskText(name: string): Uint8Array {
  const text = Buffer.alloc(registrySlot.bytes - registrySlot.offset.task);
  text.write(name, 0, text.length - 1);
  return text;
}
