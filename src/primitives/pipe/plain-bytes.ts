/** A Uint8Array is a value like any other, but needs no encoding: a Buffer arrives as one too, as by structured clone. */
export const isPlainBytes = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && (value.constructor === Uint8Array || value.constructor === Buffer);
