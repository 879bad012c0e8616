import { startTimer } from "../deadline.js";

/** A promise that is helped to its end: after so many milliseconds `end` is called, which makes it settle. */
export async function withDeadline<T>(promise: Promise<T>, timeout: number, end: () => void): Promise<T> {
  const timer = startTimer(timeout, end);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
