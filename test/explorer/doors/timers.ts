// Takes the place of the global timers.
import { party } from "../party.js";

export function setImmediate(work: () => void): void {
  party().immediates.push(work);
}

export function setTimeout(work: () => void, ms: number): object {
  const timer = { unref: () => timer };
  party().timers.set(timer, { work, ms });
  return timer;
}

export function clearTimeout(timer: object | undefined): void {
  if (timer) party().timers.delete(timer);
}
