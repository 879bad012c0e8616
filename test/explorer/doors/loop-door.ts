// Takes the place of sync/loop-door.js: a byte in a party's FIFO ends its wait in the loop (see event-loop.ts).
import type { LoopDoor } from "#src/sync/loop-door.js";
import { party } from "../party.js";

export function openLoopDoor(_fifo: number, onWake: () => void): LoopDoor {
  party().onPoke = onWake;
  return { hold: () => undefined };
}
