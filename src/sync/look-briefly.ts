import { canSpin } from "./processors.js";

/** About two microseconds of looks: as long as the other side needs for its piece of a message that both are moving. */
const LOOKS = 200;

/** Looks again for a moment, because the other side is at work this very moment. Never with one processor. */
export function looksBriefly(isThere: () => boolean): boolean {
  if (!canSpin) return isThere();
  for (let i = 0; i < LOOKS; i++) if (isThere()) return true;
  return false;
}
