/** What a record of a queue's log is: its first byte. Numbers are f64, counts and lengths u32, all little-endian and unaligned. */
export const RECORDS = {
  base: [0, "nextId f64, isShutDown u8: first in a log that was written anew"],
  put: [
    1,
    "id f64, notBefore f64, expires f64 (milliseconds since 1970; 0: none), priority u8, meta u32, body u32; meta as JSON, body",
  ],
  kept: [2, "deliveries u32, seat u32, rank f64, then as put: a message in a log that was written anew"],
  taken: [3, "seat u32, count u32, ids f64: handed to the consumer of that seat"],
  gone: [4, "count u32, ids f64: acknowledged, dropped or expired"],
  back: [5, "wasHanded u8, count u32, ids f64: ready again, in front of all others, in this order"],
  left: [6, "seat u32: its consumer is dead; what it had taken is ready again"],
  shut: [7, "nothing more is put"],
} as const satisfies Record<string, readonly [number, string]>;
