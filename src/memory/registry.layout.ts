import { layout } from "../layout.js";
import { SLOTS } from "./owner.js";

export const REGISTRY_MAGIC = 0x52_50_49_01; // "IPR" and the version's byte, little-endian
export const REGISTRY_VERSION = 1;

export const registryHeader = layout("registry header", {
  magic: ["u32", "0x52504901, stored last; a byte-swapped value tells a foreign byte order"],
  version: ["u32", "layout version of registry and slots"],
  slots: ["u32", "number of slots"],
  cursor: ["u32", "where the next thread begins to look for a slot, so that slots go round"],
});

export const registrySlot = layout("registry slot", {
  generation: ["u32", "generation of the thread that holds the slot now, or held it last"],
  parker: ["u32", "0 awake, 1 asleep in a Sync form, 2 asleep in the event loop, 3 notified"],
  lastDeath: ["u32", "owner word of the watched thread whose end was noticed last"],
  occupied: [
    "u32",
    "the holder's generation from taking the slot until it is given back or, after a kill, swept; else 0",
  ],
  pid: ["u32", "process id as the process itself sees it; for display only"],
  thread: ["u32", "worker thread id, 0 the main thread; for display only"],
  wakes: ["u32", "how often the thread was woken from a sleep; its own count"],
  attachedAt: ["f64", "monotonic seconds since boot when the thread attached"],
  blockedMicroseconds: ["f64", "time spent asleep in Sync forms"],
  name: ["text:40", "what the process calls itself"],
  task: ["text:40", "the task that the thread runs, empty when it runs none that it says; for display only"],
});

/** Bytes from one slot to the next: two cache lines, so that no two threads share one. */
export const SLOT_STRIDE = 128;
export const SLOTS_OFFSET = 128;
export const REGISTRY_BYTES = Math.ceil((SLOTS_OFFSET + SLOTS * SLOT_STRIDE) / 4096) * 4096;

/** The lock bytes lie far behind the data. Slot i's byte is LOCK_BASE + i; the gate is held (shared) by every thread. */
export const LOCK_BASE = 2 ** 40;
export const GATE_BYTE = LOCK_BASE - 1;
