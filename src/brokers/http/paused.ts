import type { Bounds } from "../bounds.js";

/** Waits a little before the next attempt. @throws the reason when it is given up */
export async function paused(ms: number, bounds: Bounds): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    bounds.onGiveUp = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  bounds.onGiveUp = undefined;
  bounds.throwIfGivenUp();
}
