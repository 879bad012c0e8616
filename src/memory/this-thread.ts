import { Registry } from "./registry.js";

let attached: Registry | undefined;
const leaving: (() => void)[] = [];
let hasBegunToLeave = false;

/** This thread's place in the registry, taken on first use. */
export function registry(): Registry {
  if (attached === undefined) {
    attached = Registry.attach();
    process.once("exit", leave);
  }
  return attached;
}

/** Whether this thread has attached already: what never attached has nothing to close. */
export const isAttached = (): boolean => attached !== undefined;

/** Runs when the thread ends in an orderly way, before its slot is given back. Never needed for correctness. */
export function beforeLeaving(work: () => void): void {
  leaving.push(work);
}

/** Whether the thread is ending: what is settled now, nobody sees any more. */
export const isLeaving = (): boolean => hasBegunToLeave;

function leave(): void {
  hasBegunToLeave = true;
  for (const work of leaving.splice(0)) {
    try {
      work();
    } catch {
      // the directory may be gone, or full: a process that has done its own work does not fail by it
    }
  }
  attached?.leave();
}
