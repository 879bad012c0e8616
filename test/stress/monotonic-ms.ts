/** Milliseconds by the clock that all processes share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
