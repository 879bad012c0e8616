import { layout } from "../layout.js";

/** Who waits for one thing: a flag for whoever changes it, and each waiting thread's place in the line. */
export const waitersHead = layout("waiters", {
  watched: ["u32", "0: nobody waits; 1: somebody may, and the tickets say who"],
  lastTicket: ["u32", "the ticket that was drawn last"],
});

/** Behind it one word for each attachment: the ticket of its oldest wait, 0 when it has none. */
export const waitersBytes = (maxAttached: number): number => Math.ceil((waitersHead.bytes + maxAttached * 4) / 8) * 8;
