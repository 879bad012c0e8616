/** What a record of a topic's log is: its first byte. Numbers are f64, counts and lengths u32, all little-endian and unaligned. */
export const TOPIC_RECORDS = {
  base: [0, "nextId f64, nextGroup u32: first in each frame of a log that was written anew"],
  published: [1, "id f64, key u8, meta u32, body u32 (bytes of each); key, meta as JSON, body"],
  kept: [2, "as published: a message in a log that was written anew"],
  group: [
    3,
    "group u32, isDurable u8, name u32, pattern u32 (bytes of each); name, pattern: it is there from here on, or has this pattern",
  ],
  due: [
    4,
    "group u32, count u32, of each id f64, deliveries u32, seat u32, rank f64: what it has, of the messages that were kept",
  ],
  joined: [5, "group u32, seat u32: has this member"],
  left: [6, "seat u32: this member has gone or is dead; what it had taken is ready again"],
  taken: [7, "group u32, seat u32, count u32, ids f64: handed to that member"],
  gone: [8, "group u32, count u32, ids f64: acknowledged, or dropped"],
  back: [9, "group u32, wasHanded u8, count u32, ids f64: ready again, in front of all others, in this order"],
  ended: [10, "group u32: is there no more"],
} as const satisfies Record<string, readonly [number, string]>;
