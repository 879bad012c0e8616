/** A Uint8Array of its own for bytes that are written next. */
export const freshBytes = (length: number): Uint8Array => new Uint8Array(length);

/** A copy of source[start…end). */
export const copyOf = (source: Uint8Array, start: number, end: number): Uint8Array => source.slice(start, end);
