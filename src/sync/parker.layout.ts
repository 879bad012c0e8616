/** What a thread's parker word says. */
export const AWAKE = 0;
export const ASLEEP_IN_CALL = 1;
export const ASLEEP_IN_LOOP = 2;
export const NOTIFIED = 3;
