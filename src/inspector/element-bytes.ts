import type { ELEMENT_KINDS } from "../primitives/memory/values.layout.js";

/** How many bytes one element of a kind takes. */
export const ELEMENT_BYTES: Readonly<Record<keyof typeof ELEMENT_KINDS, number>> = {
  ...{ i8: 1, u8: 1, bool: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4, i64: 8, u64: 8, f64: 8 },
};
