import { nextTurn, turnIsDue } from "../loop-turn.js";

/** What a step of a loop found. */
export interface Found<T> {
  readonly value: T;
}

/** Gives what an awaiting call found at once, after the event loop's turn when that is due. */
export function giveNow<T>(value: T): Promise<T> {
  return turnIsDue() ? nextTurn().then(() => value) : Promise.resolve(value);
}

/**
 * A loop over what is often there already: then a step costs one promise, and an async generator would cost three.
 * `now` gives what is there without waiting, `later` waits for it, and is told of the end by undefined.
 */
export function readyLoop<T>(
  now: () => Found<T> | undefined,
  later: () => Promise<Found<T> | undefined>,
): AsyncIterator<T, undefined> {
  const over: IteratorResult<T, undefined> = { done: true, value: undefined };
  let isLeft = false;
  return {
    next: () => {
      if (isLeft) return Promise.resolve(over);
      try {
        const found = now();
        if (found) return giveNow({ done: false, value: found.value });
        return later().then((late) => (late ? { done: false, value: late.value } : over));
      } catch (error) {
        return Promise.reject(error);
      }
    },
    return: () => {
      isLeft = true;
      return Promise.resolve(over);
    },
  };
}
