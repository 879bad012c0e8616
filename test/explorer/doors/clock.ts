// Takes the place of deadline.js: time passes only while a party sleeps.
import { party } from "../party.js";

export * from "#src/deadline.js";

export const now = (): number => party().now();

export function deadlineOf(timeout: number | undefined): number {
  return timeout === undefined ? Number.POSITIVE_INFINITY : now() + timeout;
}
