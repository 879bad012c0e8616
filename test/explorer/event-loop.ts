import type { Party } from "./party.js";

/** Lets a party's event loop turn until something has come true: what is due, then a byte in its FIFO or a timer. */
export function turnLoop(party: Party, until: () => boolean): void {
  const { immediates, timers } = party;
  while (!until()) {
    const due = immediates.splice(0);
    for (const work of due) work();
    if (due.length > 0) continue;
    const soonest = Math.min(...[...timers.values()].map(({ ms }) => ms));
    if (party.step("wait in the loop", party.index, soonest) === 0) party.onPoke?.();
    else
      for (const [timer, { work }] of [...timers]) {
        timers.delete(timer);
        work();
      }
  }
}
