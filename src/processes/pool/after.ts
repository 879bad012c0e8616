/** The longest that a timer can be told to wait, 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Does something after so many milliseconds; what is longer than a timer can wait is for ever. It does not hold the loop. */
export function after(ms: number, work: () => void): NodeJS.Timeout | undefined {
  return ms > LONGEST_MS ? undefined : setTimeout(work, ms).unref();
}
